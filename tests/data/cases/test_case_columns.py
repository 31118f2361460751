"""Cells that are no plain value, and columns that are in no file."""

import json
from typing import Any

import pyarrow as pa
import pytest
from small_logs import CLICKED, ROWS, Content, Prepare, columns_of_log, csv_text, spec_of_log

PARQUET = "log.parquet"


def with_field(spec: Content, name: str = "tags", **field: Any) -> Content:
    spec["fields"][name] = {"side": "item", "vocabulary": {}, **field}
    return spec


def test_a_list_with_a_null_element(prepare: Prepare) -> None:
    """Case 03: the other elements stay."""
    tags = [["a", None, "b"], ["c"], [None], [], None, [None, "c"]]
    spec = with_field(spec_of_log(PARQUET), multivalue="|", missing="own", max_values=3)
    found = prepare(spec, {PARQUET: columns_of_log(tags=tags)})
    expected = [["a", "b"], ["c"], [None], [None], [None], ["c"]]
    assert found.column("tags") == columns_of_log(tags=expected)["tags"]


@pytest.mark.parametrize("infinity", ["inf", "Infinity", "1e999"])
def test_infinity_in_a_number(prepare: Prepare, infinity: str) -> None:
    """Case 07: it falls into the last bucket, its negative into the first."""
    rates = [0.1, infinity, 0.2, f"-{infinity}", 0.3, 0.4]
    spec = with_field(spec_of_log(), "rate")
    spec["fields"]["rate"] = {"side": "item", "quantiles": 3}
    found = prepare(spec, rate=rates).column("rate")
    assert set(found[1::6]) == {max(found)}
    assert set(found[3::6]) == {min(found)}
    assert min(found) >= 2  # row 1 is for what is no number
    assert found[0] <= found[2] <= found[4] <= found[5]


HIVE = {"city": [r"\N", "oslo", "NULL", "rome"], "age": [r"\N", 33, "NULL", 40]}


def test_null_spellings_in_text_are_warned_of(prepare: Prepare) -> None:
    r"""Case 14: without a word \N is a city, with a warning to copy from; a number it is not."""
    spec = with_field(spec_of_log(), "city")
    spec["fields"]["age"] = {"side": "user", "boundaries": [35]}
    found = prepare(spec, **HIVE)
    assert found.data.manifest.column_types["age"] == "int64"
    assert found.column("city") == columns_of_log(**HIVE)["city"]
    assert found.column("age") == [1, 2, 1, 3] * (ROWS // 4)
    (warning,) = [line for line in found.said.splitlines() if "warning" in line]
    assert "column 'city' of source 'log' holds the texts" in warning
    assert r"say `missing_values: ['NULL', '\N']`" in warning


def test_null_spellings_are_missing_where_declared(prepare: Prepare) -> None:
    r"""Case 14: so declared, \N is no value, and a row whose user is \N is nobody's."""
    spec = with_field(spec_of_log(missing_values=[r"\N", "NULL"]), "city", missing="own")
    found = prepare(spec, **HIVE)
    assert "warning" not in found.said
    assert found.column("city") == [None, "oslo", None, "rome"] * (ROWS // 4)
    nobody = [r"\N" if n % 6 == 0 else "NULL" if n % 6 == 1 else f"u{n % 3}" for n in range(ROWS)]
    found = prepare(spec, **HIVE, user=nobody)
    assert list(found.rows) == [n for n in range(ROWS) if n % 6 > 1]
    assert set(found.column("user")) == {"u0", "u1", "u2"}
    assert f"warning: source 'log': {ROWS // 3} rows name no user and are left out" in found.said
    manifest = found.data.manifest
    assert (manifest.rows_read, manifest.rows_without_user) == (ROWS, {"log": ROWS // 3})
    assert (manifest.duplicates_dropped, manifest.users) == (0, 3)


@pytest.mark.parametrize("name", ["log.csv", PARQUET, "log.jsonl"])
@pytest.mark.parametrize("order", ["time", "log", "user"])
def test_rows_without_a_user_leave_the_others_alone(
    prepare: Prepare, name: str, order: str
) -> None:
    """Case 14: impressions, labels and histories are those of a log that never had these rows."""
    spec = spec_of_log(name, deduplicate=True)
    if order != "time":
        spec["sources"]["log"]["time"] = {"row_order": order}
        spec["splits"] = {"valid_from": 0.4, "test_from": 0.7}
    columns = columns_of_log(user=["u1", "u2", None, "u1"])
    files = {"log.csv": csv_text(columns), PARQUET: columns, "log.jsonl": as_json(columns)}
    found = prepare(spec, {name: files[name]})
    kept = [n for n in range(ROWS) if columns["user"][n] is not None]
    assert list(found.rows) == kept
    assert found.labels() == [CLICKED[n] for n in kept]
    known = found.data.assets.vocabularies["item"]
    for n in kept:
        past = [m for m in kept if m < n and columns["user"][m] == columns["user"][n]]
        clicks = [columns["item"][m] for m in past if CLICKED[m]][-5:]
        assert found.rows[n]["click__item"] == [c if c in known else "?" for c in clicks]


def as_json(columns: dict[str, list[Any]]) -> str:
    rows = (dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_a_list_of_fixed_size(prepare: Prepare) -> None:
    """Case 18."""
    tags = pa.array([[n % 3, 7] for n in range(ROWS)], pa.list_(pa.int64(), 2))
    spec = with_field(spec_of_log(PARQUET), multivalue="|")
    found = prepare(spec, {PARQUET: {**columns_of_log(), "tags": tags}})
    assert found.column("tags") == [[str(n % 3), "7"] for n in range(ROWS)]


@pytest.mark.parametrize("nested", [False, True])
def test_a_struct_by_its_path(prepare: Prepare, nested: bool) -> None:
    """Case 18: the field of a struct is a column; a struct itself is refused with its path."""
    system = [{"os": ["ios", "web"][n % 2]} for n in range(ROWS)]
    cells = [{"app": cell} for cell in system] if nested else system
    files = {PARQUET: {**columns_of_log(), "device": pa.array(cells)}}
    path = "device.app.os" if nested else "device.os"
    found = prepare(with_field(spec_of_log(PARQUET), "os", column=path), files)
    assert found.column("os") == ["ios", "web"] * (ROWS // 2)
    refused = prepare(with_field(spec_of_log(PARQUET), "device"), files)
    assert refused.code == 2
    assert "`device.app`" in refused.said if nested else "`device.os`" in refused.said


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (pa.array([[("os", "ios")]] * ROWS, pa.map_(pa.string(), pa.string())), "maps"),
        (pa.array([[{"id": 7}]] * ROWS), "lists of structs"),
        (pa.array([[[7]]] * ROWS), "lists of lists"),
    ],
    ids=["map", "list of structs", "list of lists"],
)
def test_what_is_nested_otherwise_is_refused(prepare: Prepare, cells: pa.Array, said: str) -> None:
    """Case 18: in one sentence that names file and column."""
    spec = with_field(spec_of_log(PARQUET), multivalue="|")
    refused = prepare(spec, {PARQUET: {**columns_of_log(), "tags": cells}})
    assert refused.code == 2
    assert f"log.parquet: column 'tags' holds {said}" in refused.said


@pytest.mark.parametrize("ending", ["parquet", "csv"])
def test_a_partition_key_is_a_column(prepare: Prepare, ending: str) -> None:
    """Case 20: of directories such as dt=2023-11-15, whether or not the spec reads it."""
    spec = with_field(spec_of_log(f"dt=*/*.{ending}"), "dt")
    columns = columns_of_log()
    files: dict[str, Any] = {}
    for day in range(3):
        part = {name: values[8 * day : 8 * day + 8] for name, values in columns.items()}
        content = part if ending == "parquet" else csv_text(part)
        files[f"dt=2023-11-{15 + day}/part-0.{ending}"] = content
    found = prepare(spec, files)
    assert found.column("dt") == ["2023-11-15"] * 8 + ["?"] * 16  # fitted on the first day
    del spec["fields"]["dt"]
    spec["sources"]["log"]["files"] = f"**/*.{ending}"
    assert prepare(spec, files).labels() == CLICKED


def test_a_ready_made_history(prepare: Prepare) -> None:
    """Case 22: the cell is the history; read as one more attribute of events it is warned of."""
    cells = ["", "i3", "i3|i1", "i3|i1|i2", "i0|i3|i1|i2"]
    spec = spec_of_log()
    ready = {"column": "seen", "separator": "|", "order": "oldest_first", "length": 3}
    spec["sequences"]["seen"] = {**ready, "attributes": {"item": "item"}}
    found = prepare(spec, seen=cells)
    latest = [cell.split("|")[-3:] if cell else [] for cell in cells]
    assert found.column("seen__item") == columns_of_log(seen=latest)["seen"]
    attributes = {"seen": {"table": "item", "multivalue": "|"}}
    spec["sequences"]["seen"] = {"length": 3, "attributes": attributes}
    warned = prepare(spec, seen=cells)
    assert warned.code == 0
    assert "warning" in warned.said
    assert "`column: seen`" in warned.said
