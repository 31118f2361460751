"""Logs whose times are spelt in every way: one instant each, or one sentence."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from infnet_keras.data import PreparedData, generate, prepare
from infnet_keras.data.prepared.reader import ImpressionReader
from infnet_keras.errors import DataError, SpecError
from infnet_keras.spec import spec_from_dict

START = datetime(2021, 5, 3, 22, 30, tzinfo=UTC)
MOMENTS = [START + timedelta(hours=5 * step, milliseconds=250) for step in range(12)]
SPLIT = ("2021-05-05", "2021-05-06")


def with_time(content: dict[str, Any], **time: Any) -> dict[str, Any]:
    content["sources"]["log"] = {
        "files": "log.*",
        "time": {"column": "at", **time},
        "types": time.pop("types", {}),
    }
    del content["sources"]["log"]["time"]["types"]
    content["fields"]["hour"] = {"side": "context", "derive": "hour_of_day"}
    return content


def hours(content: dict[str, Any], raw: Path, out: Path) -> list[int]:
    """The hour of every impression, by time."""
    prepare(spec_from_dict(content), raw, out, *SPLIT)
    data = PreparedData.open(out)
    found: list[int] = []
    for split in ("train", "valid", "test"):
        batches = ImpressionReader(data, split, 100).batches()
        found += [int(hour) - 2 for batch in batches for hour in batch.inputs["hour"]]
    return found


def write_csv(raw: Path, texts: list[str]) -> None:
    raw.mkdir()
    rows = [f"u,{n % 3},{n % 2},{text}\n" for n, text in enumerate(texts)]
    (raw / "log.csv").write_text("user,item,clicked,at\n" + "".join(rows), "utf-8")


def write_parquet(raw: Path, at: pa.Array) -> None:
    raw.mkdir()
    number = np.arange(len(at))
    table = {"user": ["u"] * len(at), "item": number % 3, "clicked": number % 2, "at": at}
    pq.write_table(pa.table(table), raw / "log.parquet")


def spelt(form: str, zone: str = "UTC") -> list[str]:
    return [moment.astimezone(ZoneInfo(zone)).strftime(form) for moment in MOMENTS]


@pytest.mark.parametrize(
    ("time", "texts"),
    [
        ({"format": "%y%m%d%H"}, spelt("%y%m%d%H", "Asia/Shanghai")),
        ({"format": "%y%m%d%H", "types": {"at": "int64"}}, spelt("%y%m%d%H", "Asia/Shanghai")),
        ({"format": "%m/%d/%Y %I:%M:%S %p"}, spelt("%m/%d/%Y %I:%M:%S %p", "Asia/Shanghai")),
        ({"format": "%d/%b/%Y:%H:%M:%S %z"}, spelt("%d/%b/%Y:%H:%M:%S %z", "America/New_York")),
        ({"unit": "s"}, [str(moment.timestamp()) for moment in MOMENTS]),
        ({"unit": "s", "types": {"at": "float32"}}, [str(m.timestamp()) for m in MOMENTS]),
        ({"unit": "s"}, [f"{moment.timestamp():.12E}" for moment in MOMENTS]),
        ({}, [str(int(moment.timestamp() * 1000)) for moment in MOMENTS]),
        ({}, spelt("%Y/%m/%d %H:%M:%S", "Asia/Shanghai")),
        ({}, spelt("%Y-%m-%d %H:%M:%S UTC")),
        ({}, spelt("%Y-%m-%d %H:%M:%S+00")),
        ({"unit": "iso8601"}, spelt("%Y%m%d %H:%M:%S.%f", "Asia/Shanghai")),
    ],
)
def test_texts(content, tmp_path, time, texts) -> None:
    write_csv(tmp_path / "raw", texts)
    content = with_time(content, timezone="Asia/Shanghai", **{"types": {}, **time})
    expected = [moment.astimezone(ZoneInfo("Asia/Shanghai")).hour for moment in MOMENTS]
    assert hours(content, tmp_path / "raw", tmp_path / "out") == expected


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("zone", [None, "UTC", "America/New_York"])
@pytest.mark.parametrize("said", [False, True])
def test_timestamps_tell_their_unit(content, tmp_path, unit, zone, said) -> None:
    """Without a time zone they are what the log's own clock shows."""
    moments = [moment.replace(microsecond=0) for moment in MOMENTS]
    if zone is None:
        moments = [m.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None) for m in moments]
    write_parquet(tmp_path / "raw", pa.array(moments, pa.timestamp(unit, zone)))
    stored = pq.read_schema(tmp_path / "raw" / "log.parquet").field("at").type
    time = {"unit": stored.unit} if said else {}
    content = with_time(content, timezone="Europe/Berlin", types={}, **time)
    expected = [moment.astimezone(ZoneInfo("Europe/Berlin")).hour for moment in MOMENTS]
    assert hours(content, tmp_path / "raw", tmp_path / "out") == expected


@pytest.mark.parametrize("kind", [pa.date32(), pa.date64()])
def test_dates_are_local_midnights(content, tmp_path, kind) -> None:
    days = [moment.date() for moment in MOMENTS]
    write_parquet(tmp_path / "raw", pa.array(days, kind))
    content = with_time(content, timezone="America/New_York", types={})
    assert hours(content, tmp_path / "raw", tmp_path / "out") == [0] * len(days)


@pytest.mark.parametrize(
    ("kind", "time", "said"),
    [
        (pa.timestamp("us", "UTC"), {"unit": "ms"}, r"timestamp\[us, tz=UTC\].*says unit ms"),
        (pa.timestamp("ms"), {"unit": "ns"}, r"timestamp\[ms\].*says unit ns"),
        (pa.date32(), {"unit": "s"}, r"date32\[day\].*says unit s"),
    ],
)
def test_a_unit_that_contradicts_the_column(content, tmp_path, kind, time, said) -> None:
    write_parquet(tmp_path / "raw", pa.array([m.replace(tzinfo=None) for m in MOMENTS]).cast(
        kind, safe=False))  # fmt: skip
    with pytest.raises(DataError, match=rf"log\.parquet: column 'at' is of type {said}"):
        hours(with_time(content, types={}, **time), tmp_path / "raw", tmp_path / "out")


@pytest.mark.parametrize(
    ("time", "texts", "hint"),
    [
        ({}, ["5/3/2021 10:30:00 PM"], '`format: "%m/%d/%Y %I:%M:%S %p"`'),
        ({"unit": "iso8601"}, ["21050322"], '`format: "%y%m%d%H"`'),
        ({}, ["1620081000.25"], "`unit: s`"),
        ({}, ["1620081000", "1620167400"], "`unit: s`"),
        ({"unit": "us"}, ["1620081000000", "1620167400000"], "`unit: ms`"),
        ({"unit": "s"}, ["1620081000000"], "`unit: ms`"),
        ({"unit": "s"}, ["21050322", "21050423"], '`format: "%y%m%d%H"`'),
        ({}, ["20210503", "20210504"], "`unit: iso8601`"),
        ({"unit": "ms"}, ["2021-05-03"], "`unit: iso8601`"),
    ],
)
def test_another_spelling_is_suggested(content, tmp_path, time, texts, hint) -> None:
    write_csv(tmp_path / "raw", texts)
    with pytest.raises(DataError) as refused:
        hours(with_time(content, types={}, **time), tmp_path / "raw", tmp_path / "out")
    assert f"say {hint}" in str(refused.value)
    assert texts[-1].split(".")[0] in str(refused.value)


@pytest.mark.parametrize(
    ("time", "said"),
    [
        ({"unit": "s", "format": "%Y%m%d"}, "either `unit` or `format`"),
        ({"format": "%Y-%m"}, "does not tell the day"),
        ({"format": "%Y%m%d%Q"}, "'%Q' in '%Y%m%d%Q' is no directive"),
        ({"format": "%Y%m%d %"}, "'%' in '%Y%m%d %' is no directive"),
        ({"format": "%Y-%y-%m-%d"}, "says the year twice"),
        ({"format": "%Y%m%d %I"}, "stand together"),
        ({"format": "%Y%m%d %H %p"}, "stand together"),
        ({"format": "%j%m%d%Y"}, "says the day twice|does not tell the day"),
    ],
)
def test_formats_that_cannot_be(content, time, said) -> None:
    with pytest.raises(SpecError, match=said):
        spec_from_dict(with_time(content, types={}, **time))


def dated(content: dict[str, Any], **date: str) -> dict[str, Any]:
    content["fields"]["age"] = {
        "side": "item",
        "boundaries": [0.5, 1.5, 2.5],
        "derive": {"days_since": {"column": "born", **date}},
    }
    content["sources"]["items"] = {"files": "items.*", "join": "item"}
    return with_time(content, types={}, unit="s")


@pytest.mark.parametrize(
    ("date", "born"),
    [
        ({}, ["2021/05/03", "2021/05/02", "2021/05/01"]),
        ({}, ["20210503", "20210502", "20210501"]),
        ({"format": "%d.%m.%Y"}, ["3.5.2021", "02.05.2021", "1.5.2021"]),
        ({"unit": "s"}, ["1620000000", "1619913600", "1619827200"]),
        ({}, [datetime(2021, 5, day).date() for day in (3, 2, 1)]),
        ({}, [datetime(2021, 5, day, 12, tzinfo=UTC) for day in (3, 2, 1)]),
    ],
)
def test_dates_take_the_same_spellings(content, tmp_path, date, born) -> None:
    raw = tmp_path / "raw"
    write_csv(raw, [str(1620081000 + n) for n in range(6)])
    if isinstance(born[0], str):
        rows = "".join(f"{item},{text}\n" for item, text in enumerate(born))
        (raw / "items.csv").write_text(f"item,born\n{rows}")
    else:
        pq.write_table(pa.table({"item": [0, 1, 2], "born": born}), raw / "items.parquet")
    spec = spec_from_dict(dated(content, **date))
    prepare(spec, raw, tmp_path / "out", *SPLIT)
    data = PreparedData.open(tmp_path / "out")
    batch = next(ImpressionReader(data, "train", 10).batches())
    assert batch.inputs["age"].tolist() == [2, 3, 4, 2, 3, 4]


def test_dates_that_nothing_reads(content, tmp_path) -> None:
    write_csv(tmp_path / "raw", [str(1620081000 + n) for n in range(6)])
    (tmp_path / "raw" / "items.csv").write_text("item,born\n0,03.05.2021\n1,02.05.2021\n")
    with pytest.raises(DataError, match=r"none of its dates.*'0[23]\.05\.2021'.*%d\.%m\.%Y"):
        prepare(spec_from_dict(dated(content)), tmp_path / "raw", tmp_path / "out", *SPLIT)


@pytest.mark.parametrize(
    "time",
    [{"format": "%y%m%d%H"}, {"format": "%d/%b/%Y:%I:%M:%S.%f %p %z"}, {"format": "%FT%T%Z"},
     {"unit": "s", "types": {"at": "string"}}, {}],
)  # fmt: skip
def test_generated_logs_spell_times_so(content, tmp_path, time) -> None:
    content = with_time(content, timezone="Asia/Shanghai", **{"types": {}, **time})
    content["sources"]["log"]["files"] = "log.csv"
    spec = spec_from_dict(content)
    made = generate(spec, tmp_path / "raw", users=5, events=300, seed=0)
    manifest = prepare(spec, tmp_path / "raw", tmp_path / "out", made.valid_from, made.test_from)
    assert sum(manifest.impressions.values()) == 300


@pytest.mark.parametrize("kind", [pa.time32("s"), pa.time64("us"), pa.duration("s")])
def test_a_time_of_day_tells_no_day(content, tmp_path, kind) -> None:
    write_parquet(tmp_path / "raw", pa.array([1, 2, 3], kind))
    with pytest.raises(DataError, match=r"log\.parquet: column 'at' is of type .*tells no day"):
        hours(with_time(content, types={}), tmp_path / "raw", tmp_path / "out")


def test_no_spelling_is_suggested_that_is_read_already(content, tmp_path) -> None:
    write_csv(tmp_path / "raw", ["2021-05-03 24:00:00"])
    with pytest.raises(DataError) as refused:
        hours(with_time(content, types={}), tmp_path / "raw", tmp_path / "out")
    assert str(refused.value).endswith("; correct the row, or the log's `time` in the spec")
