"""Rounds take turns, every figure arrives, and memory is a process' own."""

import csv
import json
from pathlib import Path

import pytest

from infnet_keras.benchmark.contender import Entry
from infnet_keras.benchmark.peak_memory import peak_memory
from infnet_keras.benchmark.report.write_speed import write_speed
from infnet_keras.benchmark.scaling import SCALING, SIZES, scaled
from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of, spec_of
from infnet_keras.benchmark.speed_run import SpeedRun
from infnet_keras.runs.in_turns import in_turns

TINY = Setting("qb", width=4, batch=8, history=0.1, vocabulary=0.01)
# Models that are made quickly; INFNet and its references are in test_plain_formulas.py.
FM, DCN = Entry("fm"), Entry("dcnv2")


def test_every_round_calls_each_once_and_begins_with_another() -> None:
    called: list[str] = []
    rounds: list[int] = []
    calls = {name: (lambda name=name: called.append(name)) for name in "abc"}
    found = in_turns(calls, rounds=3, after_round=rounds.append)
    assert "".join(called) == "aaaaabbbbbccccc" + "abc" + "bca" + "cab"
    assert rounds == [1, 2, 3]
    assert list(found) == ["a", "b", "c"]
    assert all(spread.low <= spread.median <= spread.high for spread in found.values())


def test_shapes_have_the_counts_that_they_are_named_after() -> None:
    counts = {
        shape: (len(spec.fields), len(spec.sequence_features), spec.sequence_features[0].length)
        for shape in ("qb", "pure", "long")
        for spec in [spec_of(Setting(shape))]
    }
    assert counts == {"qb": (5, 12, 50), "pure": (89, 28, 20), "long": (89, 28, 100)}
    assert rows_of(spec_of(Setting("qb")))["item"] == 131_000


@pytest.mark.parametrize("factor", SCALING)
@pytest.mark.parametrize("shape", ["qb", "pure"])
def test_one_size_varies_and_the_others_stay(shape: str, factor: str) -> None:
    settings = scaled(Setting(shape, batch=64), factor)
    assert len(settings) > 2
    # More fields bring tables, and longer histories nothing: rows alone may follow the fields.
    follows = {"fields": {"vocabulary"}}.get(factor, set())
    for other in SCALING:
        sizes = {SIZES[other](setting) for setting in settings.values()}
        assert (len(sizes) > 1) == (other == factor or other in follows), other
    assert list(settings) == sorted(settings)


@pytest.mark.backend("torch")  # which compiles nothing
def test_files_hold_every_contender_at_every_setting(tmp_path: Path) -> None:
    table = SpeedRun([FM, DCN], rounds=2, memory=False).at(TINY)
    curve = SpeedRun([FM], rounds=1, memory=False).over(TINY, "vocabulary")
    write_speed([table, curve], {"command": "here"}, tmp_path)
    with (tmp_path / "speed.csv").open() as file:
        rows = list(csv.DictReader(file))
    sizes = [str(size) for size in scaled(TINY, "vocabulary")]
    expected = {("", str(SIZES["vocabulary"](TINY)), name) for name in ("fm", "dcnv2")}
    expected |= {("vocabulary", size, "fm") for size in sizes}
    for what in ("forward", "training"):
        found = [(r["factor"], r["table_rows"], r["name"]) for r in rows if r["what"] == what]
        assert len(found) == len(expected)
        assert set(found) == expected
    for row in rows:
        assert 0 < float(row["low_ms"]) <= float(row["median_ms"]) <= float(row["high_ms"])
        a_second = float(row["batch"]) / float(row["median_ms"]) * 1e3
        assert float(row["examples_a_second"]) == pytest.approx(a_second)
    written = json.loads((tmp_path / "speed.json").read_text())
    assert written["command"] == "here"
    assert len(written["rows"]) == len(rows)
    assert "<svg" in (tmp_path / "speed.svg").read_text()


@pytest.mark.long
@pytest.mark.backend("torch")  # which compiles nothing
def test_a_process_of_its_own_tells_the_memory_of_a_step() -> None:
    small, large = (peak_memory(FM, TINY._replace(vocabulary=v)) for v in (0.01, 10.0))
    assert small.forward is not None
    assert large.training is not None
    assert small.forward > 0
    # 1.6 million rows of 4 float32 and two moments of Adam, at least, are held besides.
    assert large.training - small.training > 3 * 4 * 4 * 1_500_000
