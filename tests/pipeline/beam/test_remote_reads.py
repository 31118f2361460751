"""An error on the way to a remote file is raised, so that a runner reads it again; what is wrong
with the file itself is the user's, and passed on as data."""

import gzip
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest
from beam_logs import rows_content, write_rows
from file_systems import StoreFileSystem

from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.errors import DataError
from infnet_keras.spec import spec_from_dict
from infnet_keras.spec.sources import Source
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.messages import LOG, Failure
from tfx_pipeline.beam.read_rows import ReadRows
from tfx_pipeline.beam.storage import storage_of

SPEC = spec_from_dict(rows_content("log"))
ERRORS = [ConnectionResetError(104, "reset"), TimeoutError("slow"), OSError(5, "input/output")]


class Broken:
    """A remote file that can be read for a while."""

    def __init__(self, stream: Any, error: Exception):
        self._stream, self._error = stream, error

    def read(self, *size: int) -> bytes:
        raise self._error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@pytest.fixture
def broken(monkeypatch):
    """Let every read of the store fail."""

    def with_error(error: Exception) -> None:
        opened = StoreFileSystem.open
        monkeypatch.setattr(
            StoreFileSystem, "open", lambda *given, **named: Broken(opened(*given, **named), error)
        )

    return with_error


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("name", ["log_0.csv", "log.csv.gz", "log.parquet"])
def test_what_may_pass_is_raised(tmp_path, broken, error, name) -> None:
    write_rows(tmp_path)
    text = (tmp_path / "log_0.csv").read_bytes()
    (tmp_path / "log.csv.gz").write_bytes(gzip.compress(text))
    pq.write_table(pa.csv.read_csv(tmp_path / "log_0.csv"), tmp_path / "log.parquet")
    raw = f"store:/{tmp_path}"
    files = RawFiles("log", raw, Source(files=name), storage_of(raw))
    assert sum(block.table.num_rows for block in files.blocks(None)) == 17
    broken(error)
    with pytest.raises(type(error)):
        list(files.blocks(None))


def test_the_reading_step_raises_it(tmp_path, broken) -> None:
    write_rows(tmp_path)
    raw = f"store:/{tmp_path}"
    plan = ColumnPlan.of(SPEC, raw, storage_of(raw))
    job = Job(SPEC, plan, {}, {}, [], 0.6, 0.8, 2, str(tmp_path / "out"), "tfrecord")
    broken(ERRORS[0])
    with pytest.raises(ConnectionResetError):
        list(ReadRows(job).process((LOG, 0, f"{raw}/log_0.csv")))


@pytest.mark.parametrize("error", [FileNotFoundError(2, "gone"), PermissionError(13, "not yours")])
def test_what_will_not_pass_is_told_as_data(tmp_path, broken, error) -> None:
    write_rows(tmp_path)
    raw = f"store:/{tmp_path}"
    plan = ColumnPlan.of(SPEC, raw, storage_of(raw))
    job = Job(SPEC, plan, {}, {}, [], 0.6, 0.8, 2, str(tmp_path / "out"), "tfrecord")
    broken(error)
    told = [message for _, message in ReadRows(job).process((LOG, 0, f"{raw}/log_0.csv"))]
    assert [type(message) for message in told] == [Failure, Failure]


@pytest.mark.parametrize("name", ["log.csv.gz", "log.parquet"])
def test_a_remote_file_cut_short_is_the_users(tmp_path, name) -> None:
    write_rows(tmp_path, rows=20_000)
    text = (tmp_path / "log_3.csv").read_bytes()
    whole = gzip.compress(text)
    if name == "log.parquet":
        whole = b"PAR1" + text
    (tmp_path / name).write_bytes(whole[:-2000])
    raw = f"store:/{tmp_path}"
    files = RawFiles("log", raw, Source(files=name), storage_of(raw))
    with pytest.raises(DataError, match="cannot be read"):
        list(files.blocks(None))


def test_a_local_error_is_the_users(tmp_path) -> None:
    (tmp_path / "log.csv").write_text("a\n1\n")
    files = RawFiles("log", tmp_path, Source(files="log.csv"))
    (tmp_path / "log.csv").unlink()
    with pytest.raises(DataError, match="cannot be read"):
        list(files.blocks(None))
