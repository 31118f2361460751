"""Which files a source's `files` stands for: each once, none left out without a word."""

import os
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from small_logs import CLICKED, ROWS, Prepare, columns_of_log, csv_text, spec_of_log

LOG = csv_text(columns_of_log())


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (link("nowhere.csv"), "log_2.csv is a link that leads to no file; remove it"),
        (link("log_2.csv"), "log_2.csv is a link that leads to no file; remove it"),
        (os.mkfifo, "log_2.csv is no regular file; remove it"),
        (link("log_1.csv"), "log_1.csv and {raw}/log_2.csv are the same file; remove the link"),
    ],
)
def test_what_is_no_further_file(
    prepare: Prepare, tmp_path: Path, make: Callable[[Path], None], said: str
) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    make(raw / "log_2.csv")
    refused = prepare(spec_of_log("log_*.csv"), {"log_1.csv": LOG})
    assert refused.code == 2
    assert said.format(raw=raw) in refused.said


def test_a_day_s_directory_under_a_second_name(prepare: Prepare, tmp_path: Path) -> None:
    """`latest` beside the days would count the rows of one day twice."""
    (tmp_path / "raw").mkdir()
    (tmp_path / "raw" / "latest").symlink_to("2024-01-01")
    refused = prepare(spec_of_log("*/log.csv"), {"2024-01-01/log.csv": LOG})
    assert refused.code == 2
    assert "latest/log.csv are the same file" in refused.said
    found = prepare(spec_of_log("2*/log.csv"), {"2024-01-01/log.csv": LOG})
    assert found.labels() == CLICKED


def test_a_directory_that_holds_itself(prepare: Prepare, tmp_path: Path) -> None:
    (tmp_path / "raw" / "day").mkdir(parents=True)
    (tmp_path / "raw" / "day" / "again").symlink_to("..")
    assert prepare(spec_of_log("**/log.csv"), {"day/log.csv": LOG}).labels() == CLICKED


@pytest.mark.parametrize(
    "files", ["/data/log.csv", "gs://bucket/log.csv", "**log.csv", "log**", ".", ["log.csv", "/"]]
)
def test_patterns_that_are_none(prepare: Prepare, files: str | list[str]) -> None:
    refused = prepare({**spec_of_log(), "sources": {"log": {"files": files}}}, {"log.csv": LOG})
    assert refused.code == 2
    assert "is no file name or pattern below the directory of the raw files" in refused.said


def test_decimals_without_a_fraction_are_ids(prepare: Prepare) -> None:
    """Oracle and Snowflake write every whole number as decimal(38, 0)."""
    decimals = pa.array([Decimal(n) for n in columns_of_log(item=[7, 8])["item"]])
    columns = {**columns_of_log(), "item": decimals.cast(pa.decimal128(38, 0))}
    found = prepare(spec_of_log("log.parquet"), {"log.parquet": columns})
    assert found.data.manifest.column_types["item"] == "int64"
    assert found.column("item") == ["7", "8"] * (ROWS // 2)
    long = pa.array([Decimal(10**30 + n) for n in range(ROWS)], pa.decimal128(38, 0))
    refused = prepare(spec_of_log("log.parquet"), {"log.parquet": {**columns, "item": long}})
    assert refused.code == 2
    assert "declare `types: {item: string}`" in refused.said
    spec = spec_of_log("log.parquet", types={"item": "string"})
    found = prepare(spec, {"log.parquet": {**columns, "item": long}})
    assert found.column("item")[1] == f"{10**30 + 1}"


def test_bytes_that_are_no_text(prepare: Prepare) -> None:
    """`encoding` is of text files: the advice for Parquet is another."""
    columns = {**columns_of_log(), "item": pa.array([b"\xff\x00", b"i"] * (ROWS // 2))}
    refused = prepare(spec_of_log("log.parquet"), {"log.parquet": columns})
    assert refused.code == 2
    assert "if the file is Parquet, store it as text in UTF-8" in refused.said
