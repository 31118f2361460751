"""A run is trained without the test, scored once its settings are fixed, and never again."""

import json
from pathlib import Path

import numpy as np
import pytest

from infnet_keras.data import PreparedData
from infnet_keras.errors import ModelError
from infnet_keras.evaluation import evaluate_predictions
from infnet_keras.runs.average_attention import attention_of_run
from infnet_keras.runs.fit_run import fit_run
from infnet_keras.runs.resample_run import load_resamples
from infnet_keras.runs.run_files import RunFiles
from infnet_keras.runs.score_run import score_run
from infnet_keras.runs.settled import Settings, SettledRow, settled_runs
from infnet_keras.runs.shorter_histories import with_lengths_of
from infnet_keras.runs.time_runs import time_runs
from infnet_keras.runs.without_test import WithoutTest
from infnet_keras.spec import override_spec
from infnet_keras.study.loading import load_study
from infnet_keras.study.rows import Rows

pytestmark = pytest.mark.usefixtures("uncompiled")


def run_of(study_file: Path, data: PreparedData, row: str, runs: Path, **values) -> RunFiles:
    rows = Rows(load_study(study_file), data.digest)
    run = RunFiles.of(runs, rows.configuration(row, 0, values))
    run.begin()
    return run


@pytest.fixture
def opened(data: Path) -> PreparedData:
    return PreparedData.open(data)


def test_what_chooses_cannot_reach_the_test(opened: PreparedData) -> None:
    hidden = WithoutTest(opened)
    assert hidden.count("valid") == opened.count("valid")
    assert len(hidden.reader("train", 60)) == 8
    for ask in (lambda: hidden.count("test"), lambda: hidden.reader("test", 10)):
        with pytest.raises(ModelError, match="the test part was asked for while settings"):
            ask()


@pytest.mark.long("tensorflow", "jax")
def test_a_run_from_fit_to_score(
    study_file: Path, opened: PreparedData, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = run_of(study_file, opened, "infnet", tmp_path / "runs")
    with pytest.raises(ModelError, match="is not trained to its end"):
        score_run(run, opened, {run.configuration.identity})
    read: list[str] = []
    plain = PreparedData.reader

    def reader(self, split, *arguments, **named):
        read.append(split)
        return plain(self, split, *arguments, **named)

    monkeypatch.setattr(PreparedData, "reader", reader)
    looks: list[tuple[int, float]] = []
    found = fit_run(run, opened, lambda *look: looks.append(look))
    assert set(read) == {"train", "valid"}
    history = [
        json.loads(line) for line in (run.training / "history.jsonl").read_text().splitlines()
    ]
    assert looks == [(n + 1, e["mean_auc"]) for n, e in enumerate(history)]
    assert found["mean_auc"] == max(value for _, value in looks)
    assert found["peak_bytes"] > 1e7
    assert found["seconds"] > 0
    # 20 users, 40 items and 4 shelves, padding and unknown rows with them, of width 8.
    tables = (22 + 42 + 6) * 8
    assert found["parameters"] - found["parameters_outside_tables"] == tables
    assert fit_run(run, opened, lambda *_: pytest.fail("it is finished")) == found

    with pytest.raises(ModelError, match="is not to be scored: its settings are not fixed"):
        score_run(run, opened, {"another"})
    assert "test" not in read
    result = score_run(run, opened, {run.configuration.identity}, resamples=5)
    assert result["validation"] == found
    assert result["test"] == evaluate_predictions(run.predictions, bootstrap=0)
    assert load_resamples(run, 5).shape == (5, 2, 2)
    read.clear()
    assert score_run(run, opened, set(), resamples=5) == result
    assert read == []  # once

    again = RunFiles.at(run.path)
    assert (again.configuration.identity, again.result) == (run.configuration.identity, result)
    attention = attention_of_run(run, opened, sample=40)
    assert attention["queries"] == ["click", "like", "shared 1", "shared 2"]
    assert attention["positions"][3:] == [["click.item", step] for step in range(-5, 0)]
    times = time_runs([run], opened, batch_size=70, candidates=9, rounds=3)
    assert set(times[run.configuration.identity]) == {"batch", "request"}


def test_what_stops_a_fit_leaves_it_to_be_continued(
    study_file: Path, opened: PreparedData, tmp_path: Path
) -> None:
    run = run_of(study_file, opened, "shared_bottom", tmp_path, **{"training.epochs": 2})

    class Stop(Exception):
        pass

    seen: list[tuple[int, float]] = []

    def stop(number: int, mean_auc: float) -> None:
        seen.append((number, mean_auc))
        if number == 3:
            raise Stop

    with pytest.raises(Stop):
        fit_run(run, opened, stop)
    assert run.validation is None
    continued: list[tuple[int, float]] = []
    found = fit_run(run, opened, lambda *look: continued.append(look))
    assert [number for number, _ in continued] == [1, 2, 3, 4]
    assert continued[:2] == seen[:2]  # said again, as a search compares by number; not made again
    assert found["evaluations"] == 4
    assert found["observed"] == [mean_auc for _, mean_auc in continued]
    whole = run_of(
        study_file, opened, "shared_bottom", tmp_path / "whole", **{"training.epochs": 2}
    )
    expected = fit_run(whole, opened, lambda *_: None)
    assert found["mean_auc"] == pytest.approx(expected["mean_auc"], abs=5e-3)


def test_histories_are_read_shorter_and_longer(opened: PreparedData) -> None:
    def steps(length: int) -> np.ndarray:
        spec = override_spec(opened.spec, {"sequences.click.length": length})
        changed = with_lengths_of(spec, opened)
        changed.assets.check(spec)
        return changed.reader("valid", 60).batch(0).inputs["click__item"]

    there, short, long = steps(5), steps(2), steps(9)
    assert with_lengths_of(opened.spec, opened) is opened
    for row, cut, more in zip(there, short, long, strict=True):
        latest = row[row > 0]
        assert cut[cut > 0].tolist() == latest[-2:].tolist()
        assert more[more > 0][-len(latest) :].tolist() == latest.tolist() or not len(latest)
    assert (long > 0).sum() > (there > 0).sum()


def test_a_search_after_the_test_was_seen_is_refused(tmp_path: Path) -> None:
    runs, settled = tmp_path / "runs", tmp_path / "settled"
    first = SettledRow(settled, "mmoe", {"trials": 3})
    assert first.read() is None
    first.write(Settings({"model.dim": 8}, 0.7, 3, 1, 2), ["aaaa"])
    assert first.read() == Settings({"model.dim": 8}, 0.7, 3, 1, 2)
    assert first.read().looks == 5
    assert settled_runs(settled) == {"aaaa"}
    longer = SettledRow(settled, "mmoe", {"trials": 9})
    assert longer.read() is None
    longer.refuse_second_search(runs, "mmoe")  # nothing was scored yet
    (runs / "aaaa").mkdir(parents=True)
    (runs / "aaaa" / "result.json").write_text("{}")
    with pytest.raises(ModelError, match=r"'mmoe' that another search had found \(run aaaa\)"):
        longer.refuse_second_search(runs, "mmoe")
    first.refuse_second_search(runs, "mmoe")
