"""Blocks that contradict each other: one sentence with file, line and key."""

# ruff: noqa: E501 - a mistake a line reads as a table

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import load_spec, spec_from_dict
from infnet_keras.spec.row_shapes import Explode

Write = Callable[..., Path]
TIME = "time: {column: at, unit: s, timezone: Asia/Shanghai}"
NO_CLOCK = "this needs a time column; the log has only its row order"

# (what the text says, what it says instead, line, key and message)
CONTRADICTIONS = [
    # sources
    ("join: item\n", "leaks: x\n", 2, "sources: exactly one source, the log of impressions, has no `join`; found events, items"),
    (f", {TIME}", "", 3, "sources.events: the log needs `time`: a column of it, or `row_order`"),
    ("join: item\n", "join: item\n    deduplicate: true\n", 7, "sources.items.deduplicate: `deduplicate` belongs to the log of impressions, events"),
    ("join: item\n", "join: item\n    time: {row_order: log}\n", 7, "sources.items.time: `time` belongs to the log of impressions, events"),
    # keys, outcomes, labels
    ("keys: {user: user, item: item}", "keys: {user: user, item: user}", 8, "keys.item: the user and the item are the same column"),
    ("[seconds]", "[seconds, at]", 9, "outcomes[1]: 'at' is the time column, not an outcome"),
    ("[seconds]", "[item]", 9, "outcomes[0]: 'item' is the item's key, not an outcome"),
    ("label: bought", "label: at", 32, "tasks.buy.label: 'at' is the time column: it cannot be a label"),
    ("label: bought", "label: price", 18, "fields.price: column 'price' is the label of task buy, known only after the impression: it cannot be a feature of it (it may be an attribute of a sequence)"),
    ("[seconds]", "[brand]", 17, "fields.brand: column 'brand' is an outcome, known only after the impression: it cannot be a feature of it (it may be an attribute of a sequence)"),
    ("[seconds]", "[born]", 19, "fields.age: column 'born' is an outcome, known only after the impression: it cannot be a feature of it (it may be an attribute of a sequence)"),
    # names
    ("  band:", '  "":', 20, "fields.: a name has at least one character"),
    ("  buy:", "  mean:", 32, "tasks.mean: a report calls the mean over the tasks 'mean': rename the task"),
    ("  view:", "  vi__ew:", 25, "sequences.vi__ew: requests call a behaviour's lists 'vi__ew__column': its name has no two underscores in a row and none at its end"),
    ("  view:", "  view_:", 25, "sequences.view_: requests call a behaviour's lists 'view___column': its name has no two underscores in a row and none at its end"),
    ("  item: {side: item, table: item}", "  item: {side: item, hash: 9}", 15, "fields.item: a shared table is already called 'item': say `table: item` to use it, or rename one"),
    # tables
    ("table: tag", "table: tags", 16, "fields.tags.table: there is no shared table 'tags'; did you mean 'tag'?"),
    ("tags: tag}}", "tags: tga}}", 25, "sequences.view.attributes.tags: there is no table 'tga'; did you mean 'tag'?"),
    ("price: {side: item, q", 'price: {side: item, multivalue: "|", q', 18, "fields.price.multivalue: a field of numbers has one value each"),
    ("seconds: price}", 'seconds: {table: price, multivalue: "|"}}', 29, "sequences.click.attributes.seconds: numbers in buckets have one value each"),
    # derived fields
    ("until: day}}, quantiles: 4}", "until: day}}, identity: 4}", 22, "fields.clicks: a derived number needs `quantiles`, `boundaries` or `numeric`"),
    ("{sequence: click, until", "{sequence: clik, until", 22, "fields.clicks.derive.history_count.sequence: there is no sequence 'clik'; did you mean 'click'?"),
    ("of: view", "of: veiw", 23, "fields.rate.derive.history_rate.of: there is no sequence 'veiw'; did you mean 'view'?"),
    ("rate: {side: user", "rate: {side: item", 23, "fields.rate.side: a count over the user's history is of side user"),
    ("until: day}}, quantiles: 4}", "by: item}}, quantiles: 4}", 22, "fields.clicks.derive.history_count: a history over all users ends with the day before: say until: day"),
    ("until: day}}, quantiles: 4}", "by: user, until: day}}, quantiles: 4}", 22, "fields.clicks.derive.history_count.by: a history is the user's unless told otherwise: drop `by`"),
    ("until: day}}, quantiles: 4}", "by: item, until: day}}, quantiles: 4}", 22, "fields.clicks.side: a history by 'item' belongs to side item"),
    ("until: day}}, quantiles: 4}", "by: seconds, until: day}}, quantiles: 4}", 22, "fields.clicks: column 'seconds' is known only after the impression: drop `by`"),
    ("until: day}}, quantiles: 4}", "by: tags, until: day}}, quantiles: 4}", 22, "fields.clicks.derive.history_count.by: column 'tags' holds several values (see table 'tag')"),
    ("clicks: {side: user, derive: {history_count: {sequence: click, until: day}}", "clicks: {side: item, derive: {history_count: {sequence: click, same: itme}}", 22, "fields.clicks.derive.history_count.same: sequence 'click' has no attribute 'itme'; did you mean 'item'?"),
    ("clicks: {side: user, derive: {history_count: {sequence: click, until: day}}", "clicks: {side: item, derive: {history_count: {sequence: click, same: tags}}", 22, "fields.clicks.derive.history_count.same: sequence 'click' has no attribute 'tags'; valid: item, seconds"),
    ("clicks: {side: user, derive: {history_count: {sequence: click, until: day}}", "clicks: {side: item, derive: {history_count: {sequence: click, same: item, by: item}}", 22, "fields.clicks.derive.history_count.by: `same` counts within the user's own history, `by` in everybody's: drop one of them"),
    ("clicks: {side: user, derive: {history_count: {sequence: click, until: day}}", "clicks: {side: item, derive: {history_count: {sequence: click, same: item, until: day}}", 22, "fields.clicks.derive.history_count.until: with `same` a count ends where the history of its sequence does: drop `until`, or give it to the sequence"),
    ("clicks: {side: user, derive: {history_count: {sequence: click, until: day}}", "clicks: {side: item, derive: {history_count: {sequence: click, same: user}}", 22, "fields.clicks.derive.history_count.same: every event of a history has the same user: this count says nothing"),
    ("clicks: {side: user, derive: {history_count: {sequence: click, until: day}}", "clicks: {side: user, derive: {history_count: {sequence: click, same: item}}", 22, "fields.clicks.side: column 'item' is the item's key: its side is item"),
    ("clicks: {side: user, derive: {history_count: {sequence: click, until: day}}", "clicks: {side: item, derive: {history_count: {sequence: click, same: seconds}}", 22, "fields.clicks: column 'seconds' is an outcome, known only after the impression: it cannot be a feature of it (it may be an attribute of a sequence)"),
    ("rate: {side: user, derive: {history_rate: {sequence: click, of: view}}, q", "rate: {side: item, derive: {history_rate: {sequence: click, of: view, same: tags}}, q", 23, "fields.rate.derive.history_rate.same: sequence 'click' has no attribute 'tags'; valid: item, seconds"),
    ("rate: {side: user, derive: {history_rate: {sequence: click, of: view}}, quantiles: 4}", "rate: {side: item, derive: {history_count: {sequence: view, same: tags}}, identity: 4}", 23, "fields.rate: a derived number needs `quantiles`, `boundaries` or `numeric`"),
    ("rate: {side: user, derive: {history_rate: {sequence: click, of: view}}, q", "rate: {side: context, derive: {history_count: {sequence: view, same: tags}}, q", 23, "fields.rate.side: column 'tags' is already read on side item"),
    ("rate: {side: user, derive: {history_rate: {sequence: click, of: view}}, q", "born: {side: item, derive: {history_count: {sequence: view, same: tags}}, q", 23, "fields.born: a request already holds column 'born', and this field is computed: rename the field"),
    ("rate: {side: user, derive: {history_rate: {sequence: click, of: view}}", "gap: {side: user, derive: {seconds_since: {sequence: veiw}}", 23, "fields.gap.derive.seconds_since.sequence: there is no sequence 'veiw'; did you mean 'view'?"),
    ("rate: {side: user, derive: {history_rate: {sequence: click, of: view}}", "gap: {side: item, derive: {seconds_since: {sequence: view}}", 23, "fields.gap.side: the time since a user's event is of side user"),
    ("rate: {side: user, derive: {history_rate: {sequence: click, of: view}}, quantiles: 4}", "gap: {side: user, derive: {seconds_since: {sequence: view}}, hash: 4}", 23, "fields.gap: a derived number needs `quantiles`, `boundaries` or `numeric`"),
    ("hour: {side: context", "hour: {side: user", 21, "fields.hour.side: hour_of_day is the request's: its side is context"),
    (TIME, "time: {row_order: user}", 19, f"fields.age.derive.days_since: {NO_CLOCK}"),
    # sequences
    ("    length: 3\n", "", 26, "sequences.click: a behaviour with attributes needs a `length` of at least 1, and one without (counted only) has none"),
    ("{length: 5, attributes: {item: item, tags: tag}}", "{length: 5}", 25, "sequences.view: a behaviour with attributes needs a `length` of at least 1, and one without (counted only) has none"),
    ("tags: tag}}", "user: user}}", 25, "sequences.view.attributes.user: every event of a history has the same user: this attribute says nothing"),
    ("when: clicked == 1", "when: clicked = 1", 27, "sequences.click.when: '=' is not an operator: compare with == (character 9 of 'clicked = 1')"),
    ("mask: clicked == 1 and", "mask: clicked == 1 &", 32, "tasks.buy.mask: '&' is not part of a condition: write `and` (character 14 of 'clicked == 1 & band != 3')"),
    # columns
    ("band: {side: context, identity: 4}", "again: {side: item, column: item, table: item}", 20, "fields.again: field 'item' already reads column 'item' through table 'item': the two would be the same token"),
    ("band: {side: context, identity: 4}", "again: {side: context, column: brand, hash: 4}", 20, "fields.again.side: column 'brand' is already read on side item"),
    ("user: {side: user, hash: 50}", "user: {side: context, hash: 50}", 14, "fields.user.side: column 'user' is the user's key: its side is user"),
    ("tags: tag}}", 'tags: {table: tag, multivalue: ","}}}', 25, "sequences.view.attributes.tags: column 'tags' is split at ',' here and at '|' elsewhere"),
    ("quantiles: 10", "hash: 10", 18, "fields.price: column 'price' is declared float32, whose values have no spelling of their own: declare int64 or string to use hash, or use quantiles, boundaries or numeric"),
    ("price: float32", "price: string", 18, "fields.price: column 'price' is declared string, and quantiles needs numbers"),
    ("price: float32", "tags: int64", 16, "fields.tags: column 'tags' is declared int64: several values need string"),
    ("price: float32", "born: float32", 19, "fields.age: column 'born' is float32: a date is a string or an integer; declare types: {born: string}"),
    ("  clicks: {", "  born: {", 22, "fields.born: a request calls this number 'born', like column 'born': rename the field"),
    ("  band:", "  click__length:", 26, "sequences.click: a request calls its length 'click__length', like column 'click__length': rename the sequence or the column"),
    ("seconds: price}", "length: price}", 29, "sequences.click.attributes.length: a request calls this attribute 'click__length', like the length of 'click': rename the sequence or the column"),
    # what serving fixes
    ("user: {side: user, hash: 50}", "user: {side: user, hash: 50, serve_as: 7}", 14, "fields.user.serve_as: serving fixes what belongs to the context, and this field is of side user, which a request is about: drop `serve_as`"),
    ("derive: hour_of_day}", "derive: hour_of_day, serve_as: 7}", 21, "fields.hour.serve_as: the value of this field is computed and no column's, so there is none to take in its place: drop `serve_as`"),
    ("band: {side: context, identity: 4}", "band: {side: context, column: at, identity: 4, serve_as: 1}", 20, "fields.band.serve_as: the field 'age' is computed from column 'at', so a request sends it: drop `serve_as`, or that field"),
    ("band: {side: context, identity: 4}", "band: {side: context, identity: 4, serve_as: 1}\n  coarse: {side: context, column: band, boundaries: [2]}", 20, "fields.band.serve_as: the field 'coarse' reads column 'band' too: give both the same `serve_as`"),
    ("identity: 4}", "identity: 4, serve_as: 4}", 20, "fields.band.serve_as: identity: 4 has rows for 0 to 3; found 4"),
    ("identity: 4}", "identity: 4, serve_as: '01'}", 20, "fields.band.serve_as: identity: 4 has rows for 0 to 3; found '01'"),
    ("identity: 4}", "boundaries: [2], serve_as: first}", 20, "fields.band.serve_as: column 'band' is read by boundaries, a number; found 'first'"),
    ("identity: 4}", "hash: 4, serve_as: 1.0}", 20, "fields.band.serve_as: column 'band' is read by hash, and 1.0 has no spelling of its own: give a whole number or a text"),
    ("identity: 4}", "identity: 4, serve_as: true}", 20, "fields.band.serve_as: expected a whole number or a number or a text; found true: put it in quotes"),
    ("identity: 4}", "identity: 4, serve_as: .nan}", 20, "fields.band.serve_as: expected a whole number or a finite number or a text; found nan: put it in quotes"),
    # model
    ("num_heads: 2", "num_heads: 3", 33, "model.num_heads: the token width 16 cannot be split between 3 heads"),
    ("model: {", "model: {tokens: fused, ", 33, "model.tokens: fused attributes need one width, found [8, 16]"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "line", "message"), CONTRADICTIONS)
def test_contradiction(
    text: str, write: Write, old: str, new: str, line: int, message: str
) -> None:
    assert text.count(old) == 1
    file = write(text.replace(old, new, 1))
    with pytest.raises(SpecError) as error:
        load_spec(file)
    assert str(error.value) == f"{file}:{line}: {message}"


@pytest.mark.parametrize(
    ("declared", "value", "message"),
    [
        ("int64", "first", "declared int64, a whole number of 64 bits; found 'first'"),
        ("int64", 2**63, f"declared int64, a whole number of 64 bits; found {2**63}"),
        ("float32", "first", "declared float32, a number; found 'first'"),
        ("string", 0.5, "declared string, and 0.5 has no spelling of its own"),
    ],
)
def test_a_served_value_is_of_the_declared_type(declared: str, value: object, message: str) -> None:
    kind = {"quantiles": 4} if declared == "float32" else {"hash": 9}
    given: dict[str, Any] = {
        "name": "ranked",
        "sources": {
            "log": {"files": "l.csv", "time": {"column": "at"}, "types": {"position": declared}}
        },
        "keys": {"user": "u", "item": "i"},
        "fields": {
            "i": {"side": "item", "hash": 9},
            "position": {"side": "context", **kind, "serve_as": value},
        },
        "tasks": {"y": {"label": "y"}},
    }
    with pytest.raises(SpecError, match=message):
        spec_from_dict(given)
    right: object = "3" if declared == "string" else 3
    given["fields"]["position"]["serve_as"] = right
    assert spec_from_dict(given).served_values == {"position": right}
    del given["fields"]["i"]
    with pytest.raises(SpecError, match="a request would hold nothing"):
        spec_from_dict(given)


@pytest.mark.parametrize("block", ["fields", "tasks"])
def test_empty_blocks(text: str, write: Write, block: str) -> None:
    lines = text.splitlines()
    first = lines.index(f"{block}:")
    last = next(i for i in range(first + 1, len(lines)) if not lines[i].startswith(" "))
    file = write("\n".join([*lines[:first], f"{block}: {{}}", *lines[last:]]))
    with pytest.raises(SpecError, match=f"{block}: at least one {block[:-1]} is needed"):
        load_spec(file)


def test_the_time_since_an_event_needs_a_clock(write: Write) -> None:
    file = write(
        """\
name: ordered
sources: {log: {files: log.csv, time: {row_order: user}}}
keys: {user: u, item: i}
fields:
  gap: {side: user, quantiles: 4, derive: {seconds_since: {sequence: seen}}}
sequences: {seen: {}}
tasks: {y: {label: y}}
"""
    )
    with pytest.raises(SpecError) as error:
        load_spec(file)
    assert str(error.value) == f"{file}:5: fields.gap.derive.seconds_since: {NO_CLOCK}"


def test_row_order_allows_what_needs_no_clock(write: Write) -> None:
    spec = load_spec(
        write(
            """\
name: ordered
sources: {log: {files: log.csv, time: {row_order: user}}}
keys: {user: u, item: i}
fields:
  i: {side: item, hash: 9}
  n: {side: user, quantiles: 4, derive: {history_count: {sequence: seen}}}
sequences: {seen: {}}
tasks: {y: {label: y}}
"""
        )
    )
    assert spec.input_columns == {"i": "item", "n": "user"}
    assert spec.sequence_features == []


def test_elements_and_parts_have_separators_of_their_own() -> None:
    with pytest.raises(ValueError, match="`part_separator` differs from `sep"):
        Explode(column="shown", separator="-", into=["item", "click"], part_separator="-")
