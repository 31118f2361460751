"""Times as other systems write them."""

from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pytest
from small_logs import ROWS, SECOND, TIMES, Content, Prepare, columns_of_log, spec_of_log

MOMENTS = [datetime.fromtimestamp(at, UTC) for at in TIMES]
HOURS = [2 + moment.hour for moment in MOMENTS]  # rows of the table: 0 is padding, 1 unknown
SPLITS = ["train"] * 8 + ["valid"] * 8 + ["test"] * 8


def with_hour(spec: Content, time: Content) -> Content:
    spec["sources"]["log"]["time"] = time
    spec["fields"]["hour"] = {"side": "context", "derive": "hour_of_day"}
    return spec


@pytest.mark.parametrize("declared", [None, "float32"])
def test_float_seconds(prepare: Prepare, declared: str | None) -> None:
    """Case 15: seconds with a fraction, which float32 could not tell apart."""
    source = {} if declared is None else {"types": {"at": declared}}
    spec = with_hour(spec_of_log(**source), {"column": "at", "unit": "s"})
    at = [f"{SECOND + 10_800 * (n // 2) + n % 2 * 0.25:.2f}" for n in range(ROWS)]
    spec["splits"] = {"valid_from": "2023-11-16", "test_from": "2023-11-16"}
    found = prepare(spec, at=at, user=["u"], clicked=[1, 1, 1, 0])
    assert found.column("hour") == [2 + 3 * (n // 2) % 24 for n in range(ROWS)]
    # A quarter of a second later the click before it is history.
    assert found.rows[0]["click__item"] == []
    assert found.rows[1]["click__item"] == ["i0"]


@pytest.mark.parametrize(
    ("form", "time"),
    [
        ("%m/%d/%Y %I:%M:%S %p", {"format": "%m/%d/%Y %I:%M:%S %p"}),
        ("%Y-%m-%d %H:%M:%S UTC", {}),
        ("%Y-%m-%d %H:%M:%S+00", {}),
        ("%Y/%m/%d %H:%M:%S", {"unit": "iso8601"}),
        ("%y%m%d%H", {"format": "%y%m%d%H"}),
        ("%Y%m%d", {"unit": "iso8601"}),
    ],
    ids=["AM and PM", "BigQuery", "Postgres", "slashes", "hours", "days"],
)
def test_text_formats(prepare: Prepare, form: str, time: Content) -> None:
    """Case 16, and the hours of case 35: instants, hours and days of each spelling."""
    spec = with_hour(spec_of_log(), {"column": "at", **time})
    found = prepare(spec, at=[moment.strftime(form) for moment in MOMENTS])
    assert found.column("split") == SPLITS
    expected = [2] * ROWS if form == "%Y%m%d" else HOURS
    assert found.column("hour") == expected


@pytest.mark.parametrize(
    ("form", "time", "said"),
    [
        ("%m/%d/%Y %I:%M:%S %p", {"unit": "iso8601"}, '`format: "%m/%d/%Y %I:%M:%S %p"`'),
        ("%y%m%d%H", {"unit": "iso8601"}, '`format: "%y%m%d%H"`'),
        ("%y%m%d%H", {"unit": "s"}, '`format: "%y%m%d%H"`'),
    ],
    ids=["AM and PM", "hours", "hours as seconds"],
)
def test_a_format_is_suggested(prepare: Prepare, form: str, time: Content, said: str) -> None:
    """Cases 16 and 35: a time that is not readable as declared names the `format` it has."""
    refused = prepare(
        with_hour(spec_of_log(), {"column": "at", **time}),
        at=[moment.strftime(form) for moment in MOMENTS],
    )
    assert refused.code == 2
    assert said in refused.said


STORED: dict[str, Any] = {
    "date32": pa.array([moment.date() for moment in MOMENTS], pa.date32()),
    **{unit: pa.array(MOMENTS, pa.timestamp(unit, "UTC")) for unit in ("ms", "us", "ns")},
}


@pytest.mark.parametrize("stored", list(STORED))
def test_a_column_that_tells_its_unit(prepare: Prepare, stored: str) -> None:
    """Case 17: timestamps and dates need no unit; one that contradicts them is an error."""
    files = {"log.parquet": {**columns_of_log(), "at": STORED[stored]}}
    found = prepare(with_hour(spec_of_log("log.parquet"), {"column": "at"}), files)
    assert found.column("split") == SPLITS
    assert found.column("hour") == ([2] * ROWS if stored == "date32" else HOURS)
    other = "ms" if stored == "ns" else "ns"
    contradicted = with_hour(spec_of_log("log.parquet"), {"column": "at", "unit": other})
    refused = prepare(contradicted, files)
    assert refused.code == 2
    assert f"column 'at' is of type {STORED[stored].type}" in refused.said
    assert f"the spec says unit {other}" in refused.said


def test_dates_of_two_spellings(prepare: Prepare) -> None:
    """Those that cannot be read are taken for missing ones, with a warning that counts them."""
    spec = spec_of_log()
    since = {"side": "item", "derive": {"days_since": {"column": "up"}}, "boundaries": [1, 2, 3]}
    spec["fields"]["age"] = since
    found = prepare(spec, up=["2023-11-14", "14/11/2023", "", "20231114"])
    (warning,) = [line for line in found.said.splitlines() if "warning" in line]
    assert f"{ROWS // 4} of {ROWS} impressions (25.00 %) hold a value that cannot be" in warning
    assert "'14/11/2023' for one" in warning
    assert 'say `format: "%d/%m/%Y"`' in warning
    ages = found.column("age")
    assert [ages[0], ages[3]] == [3, 3]
    assert set(ages[1::4]) == set(ages[2::4]) == {1}
