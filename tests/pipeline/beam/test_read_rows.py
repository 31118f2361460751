"""How raw files become pieces of partitions, and of how many."""

from pathlib import Path

import apache_beam as beam
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from beam_logs import rows_content

from infnet_keras.data.history.events import TIME
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.spec import FeatureSpec, spec_from_dict
from tfx_pipeline.beam import examples
from tfx_pipeline.beam.examples import write_examples
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.messages import LOG, FileRead, PartitionInput, Piece
from tfx_pipeline.beam.read_rows import ReadRows

ROWS = 400_000  # four blocks of a Parquet file


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 20,000 users."""
    directory = tmp_path_factory.mktemp("log")
    random = np.random.default_rng(0)
    columns = {"user": 20_000, "item": 50, "clicked": 2}
    rows = {name: random.integers(0, count, ROWS) for name, count in columns.items()}
    pq.write_table(pa.table(rows), directory / "log_0.parquet")
    return directory


def spec_of_log() -> FeatureSpec:
    content = rows_content("log")
    content["sources"]["log"]["files"] = "log_*.parquet"
    return spec_from_dict(content)


@pytest.mark.parametrize(("partitions", "pieces"), [(2, 4), (300, 1)])
def test_with_more_partitions_more_rows_are_split_at_a_time(tmp_path, log, partitions, pieces):
    spec = spec_of_log()
    plan = ColumnPlan.of(spec, str(log))
    job = Job(spec, plan, {}, {}, [], 0.6, 0.8, partitions, str(tmp_path), "tfrecord")
    by_partition = {number: [] for number in range(partitions)}
    for number, message in ReadRows(job).process((LOG, 0, str(log / "log_0.parquet"))):
        by_partition[number].append(message)
    found = []
    for messages in by_partition.values():
        assert [type(message) for message in messages] == [Piece] * pieces + [FileRead]
        received = PartitionInput.of(messages, in_row_order=True)
        assert received.rows_read == ROWS
        found.append(received.log)
    users = pq.read_table(log / "log_0.parquet")["user"].to_numpy()
    together = pa.concat_tables(found)
    order = together[TIME].to_numpy()
    assert sorted(order) == list(range(ROWS))
    assert (users[order] == together["user"].to_numpy()).all()
    for table in found:
        assert (np.diff(table[TIME].to_numpy()) > 0).all()


def test_partitions_of_billions_of_rows(tmp_path, log, monkeypatch) -> None:
    monkeypatch.setattr(RawFiles, "estimated_rows", lambda self: 2_000_000_000)
    jobs = []
    monkeypatch.setattr(examples, "Job", lambda **values: jobs.append(Job(**values)) or jobs[-1])
    splits = {"valid_from": 0.6, "test_from": 0.8}
    write_examples(beam.Pipeline(), spec_of_log(), str(log), str(tmp_path / "out"), **splits)
    assert jobs[0].partitions == 8001
