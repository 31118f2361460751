"""What `infnet spec check` prints."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from infnet_keras.spec import load_spec, shipped_specs, summarize
from infnet_keras.spec.summary import group_tables

Write = Callable[..., Path]


def test_fields_tables_sequences_tasks_and_totals(text: str, write: Write) -> None:
    lines = summarize(load_spec(write(text)), model_parameters=1234567).splitlines()
    words = [" ".join(line.split()) for line in lines]
    assert words[0] == "small: 10 fields, 2 behaviours, 2 tasks"
    assert "item item item item vocabulary" in words
    assert "age item days since born its own boundaries" in words
    assert "hour context hour_of_day its own identity" in words
    assert "clicks user count of click to yesterday its own quantiles" in words
    assert "rate user rate of click of view its own quantiles" in words
    assert "item vocabulary 100 16 1,600" in words
    assert "tag vocabulary 20 8 160" in words
    assert "user hash 52 16 832" in words
    assert "click 3 clicked == 1 item, seconds" in words
    assert "buy bought 1 clicked == 1 and band != 3" in words
    tokens = 5 + 5 + 3 + 3
    counts = f"10 categorical (M), 4 sequence features (F) of {tokens} steps (L), width 16"
    assert "model: infnet" in words
    assert f"tokens: {counts}" in words
    rows16 = 100 + 52 + 12 + 12 + 5 + 6 + 26 + 6 + 6
    assert f"parameters in tables: {rows16 * 16 + 20 * 8:,}" in words
    assert "parameters in the model: 1,234,567" in words
    assert not any(word.startswith("warning") for word in words)


def test_what_serving_fixes(text: str, write: Write) -> None:
    fixed = text.replace("identity: 4}", "identity: 4, serve_as: 1}")
    said = "band: the log's value in training, 1 when served; no request sends it"
    assert said in summarize(load_spec(write(fixed))).splitlines()
    assert said not in summarize(load_spec(write(text))).splitlines()
    missing = text.replace("identity: 4}", "identity: 4, serve_as: ''}")
    assert "band: the log's value in training, missing when served; " in summarize(
        load_spec(write(missing))
    )


def test_what_a_history_shares_with_the_candidate(text: str, write: Write) -> None:
    text = text.replace(
        "sequences:\n",
        """\
  same_item: {side: item, derive: {history_count: {sequence: click, same: item}}, quantiles: 4}
  gap: {side: user, derive: {seconds_since: {sequence: view}}, boundaries: [60]}
  rate_of_item:
    side: item
    quantiles: 4
    derive: {history_rate: {sequence: click, of: view, same: item}}
sequences:
""",
    )
    spec = load_spec(write(text))
    words = [" ".join(line.split()) for line in summarize(spec).splitlines()]
    assert "gap user seconds since view its own boundaries" in words
    assert spec.input_columns["gap"] == "user"
    assert "same_item item count of click with same item its own quantiles" in words
    assert "rate_of_item item rate of click of view with same item its own quantiles" in words
    assert "same_item" not in spec.input_columns


def test_fitted_rows_come_first(text: str, write: Write) -> None:
    summary = summarize(load_spec(write(text)), table_rows={"item": 77})
    assert re.search(r"^item +vocabulary +77 +16 +1,232$", summary, re.MULTILINE)


class Group(NamedTuple):
    """What a model's lookup group says."""

    name: str
    width: int | None = None
    inputs: tuple[str, ...] | None = None


def test_rows_and_bytes_per_lookup_group(text: str, write: Write) -> None:
    spec = load_spec(write(text))
    groups = [
        Group("embeddings"),
        Group("first_order", 1),
        Group("last", 4, ("user", "view__tags")),
    ]
    words = [" ".join(line.split()) for line in summarize(spec, lookup_groups=groups).splitlines()]
    # Every table but `tag`, which has rows of its own width.
    others = sum((t.rows() or 0) for name, t in spec.all_tables.items() if name != "tag")
    assert (
        f"embeddings every input 10 8, 16 {others + 20:,} {4 * (16 * others + 8 * 20):,}" in words
    )
    assert f"first_order every input 10 1 {others + 20:,} {4 * (others + 20):,}" in words
    assert f"last user, view__tags 2 4 {52 + 20} {4 * 4 * (52 + 20):,}" in words
    total = 16 * others + 8 * 20 + others + 20 + 4 * (52 + 20)
    assert f"parameters in tables: {total:,}" in words


def test_a_group_holds_no_table_that_nothing_reads(text: str, write: Write) -> None:
    spec = load_spec(write(text.replace("tables:\n", "tables:\n  spare: {hash: 900}\n")))
    assert "spare" not in group_tables(spec, Group("embeddings"))
    assert group_tables(spec, Group("embeddings", 2, ("tags",))) == {"tag": 2}


def test_double_precision_takes_twice_the_bytes(text: str, write: Write) -> None:
    double = text.replace("training: {", "training: {precision: float64, ")
    summary = summarize(load_spec(write(double)), lookup_groups=[Group("g", 1, ("user",))])
    assert re.search(r"^g +user +1 +1 +52 +416$", summary, re.MULTILINE)


def test_a_group_with_a_table_of_unknown_size(text: str, write: Write) -> None:
    spec = load_spec(write(text.replace(", size: 12", "")))
    summary = summarize(spec, lookup_groups=[Group("g", 1, ("user", "brand"))])
    assert re.search(r"^g +user, brand +2 +1 +at least 52 +at least 208$", summary, re.MULTILINE)


def test_fused_tokens(text: str, write: Write) -> None:
    fused = text.replace(", dim: 8", "").replace("model: {", "model: {tokens: fused, ")
    assert "2 sequence features (F) of 8 steps (L)" in summarize(load_spec(write(fused)))


def test_warnings(text: str, write: Write) -> None:
    doubtful = (
        text.replace("join: item\n", "join: item\n    leaks: it counts the test's days\n")
        .replace(", size: 12", "")
        .replace("tables:\n", "tables:\n  spare: {hash: 9}\n")
        .replace("sequences:\n", "sequences:\n  like: {when: liked == 1}\n")
    )
    summary = summarize(load_spec(write(doubtful)))
    warnings = [line for line in summary.splitlines() if line.startswith("warning: ")]
    assert warnings == [
        "warning: source 'items' leaks: it counts the test's days",
        "warning: without prepared data there is no model: no `size` for brand",
        "warning: no field and no sequence uses the tables spare",
        "warning: no attribute and no count uses the sequences like",
    ]
    assert "parameters in tables: at least" in summary
    assert re.search(r"^brand +vocabulary +\? +16 +\?$", summary, re.MULTILINE)


@pytest.mark.parametrize("name", shipped_specs())
def test_fits_a_terminal(name: str) -> None:
    assert max(map(len, summarize(load_spec(name)).splitlines())) <= 100


def test_long_conditions_go_on_in_the_next_line(text: str, write: Write) -> None:
    long = " or ".join(f"band == {i}" for i in range(30))
    summary = summarize(load_spec(write(text.replace("when: clicked == 1", f"when: {long}"))))
    assert max(map(len, summary.splitlines())) <= 100
    assert "band == 29" in summary
