"""Ids that look like numbers, and keys that have to be found in another file."""

from pathlib import Path

import pyarrow as pa
import pytest
from small_logs import ROWS, Prepare, columns_of_log, csv_text, spec_of_log


def test_leading_zeros_merge_no_ids(prepare: Prepare) -> None:
    """Case 02: 007 is not 7 and 0x1F is not 31, unless declared int64."""
    items = ["007", "7", "0x1F", "31"]
    found = prepare(spec_of_log(), item=items)
    assert found.column("item") == items * (ROWS // 4)
    assert sorted(found.data.assets.vocabularies["item"]) == sorted(items)
    declared = prepare(spec_of_log(types={"item": "int64"}), item=items)
    assert declared.column("item") == ["7", "7", "31", "31"] * (ROWS // 4)


@pytest.mark.parametrize("column_type", ["int64", "string"])
def test_float_ids_are_spelt_as_digits(prepare: Prepare, column_type: str) -> None:
    """Case 06: ids that a file stores as floats are found under their digits elsewhere."""
    items = [9007199254740991.0, 4503599627370497.0, 12.0]
    kinds = "item,kind\n9007199254740991,a\n4503599627370497,b\n12,c\n"
    spec = spec_of_log("log.parquet", types={"item": column_type})
    spec["sources"]["kinds"] = {"files": "kinds.csv", "join": "item"}
    spec["fields"]["kind"] = {"side": "item", "vocabulary": {}}
    files = {"log.parquet": columns_of_log(item=items), "kinds.csv": kinds}
    found = prepare(spec, files)
    assert found.column("item") == ["9007199254740991", "4503599627370497", "12"] * (ROWS // 3)
    assert found.column("kind") == ["a", "b", "c"] * (ROWS // 3)
    assert found.data.manifest.joins_missed == {"kinds": 0}
    del spec["sources"]["log"]["types"]
    refused = prepare(spec, files)
    assert refused.code == 2
    assert "declare `types: {item: int64}` (or string" in refused.said


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
@pytest.mark.parametrize("declared", [None, "string"])
def test_unsigned_ids_stay_exact(prepare: Prepare, name: str, declared: str | None) -> None:
    """Case 19: ids of 64 bits without a sign, neighbours told apart."""
    items = [2**64 - 1, 2**64 - 2, 2**63, 2**53 + 1]
    columns = columns_of_log(item=items)
    if name == "log.csv":
        files = {name: csv_text(columns)}
    else:
        files = {name: {**columns, "item": pa.array(columns["item"], pa.uint64())}}
    source = {} if declared is None else {"types": {"item": declared}}
    found = prepare(spec_of_log(name, **source), files)
    assert found.column("item") == [str(item) for item in items] * (ROWS // 4)


@pytest.mark.parametrize("name", ["log.csv", "log.parquet"])
def test_unsigned_ids_declared_otherwise_lead_to_text(prepare: Prepare, name: str) -> None:
    """Case 19: what int64 cannot hold is text, and the errors say so, not in a circle."""
    columns = columns_of_log(item=[2**64 - 1, 7])
    if name == "log.csv":
        files = {name: csv_text(columns)}
    else:
        files = {name: {**columns, "item": pa.array(columns["item"], pa.uint64())}}
    for column_type in ("int64", "float32"):
        refused = prepare(spec_of_log(name, types={"item": column_type}), files)
        assert refused.code == 2
        assert "string" in refused.said


def test_a_join_that_matches_nothing(prepare: Prepare) -> None:
    """Case 05: refused with the count, a key of each side and what to do; allowed on request."""
    spec = spec_of_log()
    spec["sources"]["kinds"] = {"files": "kinds.csv", "join": "item"}
    spec["fields"]["kind"] = {"side": "item", "vocabulary": {}}
    files = {"log.csv": csv_text(columns_of_log()), "kinds.csv": "item,kind\nI-0,a\nI-1,b\n"}
    refused = prepare(spec, files)
    assert refused.code == 2
    assert (
        f"source 'kinds': {ROWS} of {ROWS} impressions (100.00 %) have a key that it lacks"
        in refused.said
    )
    assert "the log has item 'i0', the source has item 'I-0'" in refused.said
    assert "`misses: allowed`" in refused.said
    assert not Path(refused.out).exists()
    spec["sources"]["kinds"]["misses"] = "allowed"
    allowed = prepare(spec, files)
    assert allowed.data.manifest.joins_missed == {"kinds": ROWS}
    assert f"{ROWS} of {ROWS} impressions (100.00 %) have a key that it lacks" in allowed.said
