"""A partition of users to files of examples."""

from collections.abc import Iterable, Iterator

import apache_beam as beam
import numpy as np
import pyarrow as pa

from infnet_keras.data.examples.builder import ExampleBuilder
from infnet_keras.data.examples.columns import arrow_schema
from infnet_keras.data.examples.raw_examples import draw
from infnet_keras.data.history.histories import Rows
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.preparation.rows_without_user import event_source_name
from infnet_keras.errors import DataError
from tfx_pipeline.beam.encode import ExampleEncoder
from tfx_pipeline.beam.example_file import SUFFIXES, write_example_file
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.messages import Failure, Message, PartitionInput
from tfx_pipeline.beam.outcome import Outcome
from tfx_pipeline.beam.read_rows import METRICS

CHUNK_ROWS = 4096  # examples in memory at a time


class WritePartition(beam.DoFn):
    """Builds the examples of one partition and writes a file for each split.

    Files have the same names and rows in every attempt. Yields (0, outcome).
    """

    def __init__(self, job: Job):
        self._job = job

    def setup(self) -> None:
        """Make what cannot be pickled."""
        self._encoder = ExampleEncoder()

    def process(self, element: tuple[int, Iterable[Message]]) -> Iterator[tuple[int, Outcome]]:
        """Write one partition."""
        number, messages = element
        received = PartitionInput.of(messages, self._job.spec.time.column is None)
        outcome = Outcome(failures=received.failures)
        if number == 0:
            outcome.rows_read = received.rows_read
            outcome.history_rows_read = received.history_rows_read
            for source, rows in received.without_user.items():
                outcome.without_user[event_source_name(self._job.spec, source)] = rows
        if received.log is not None:
            try:
                self._write(number, received, outcome)
            except DataError as error:
                outcome.failures.append(Failure(2, 0, number, str(error)))
        if not outcome.failures:
            self._count(received, outcome)
        yield 0, outcome

    def _write(self, number: int, received: PartitionInput, outcome: Outcome) -> None:
        job = self._job
        reference = job.reference()
        partition = job.partition(reference, received)
        rule = received.split_rule or job.split_rule
        splits = partition.splits(rule, received.rows_read)
        derived = partition.derived(reference.histories(received.surveyed))
        left_out, weights = partition.left_out(splits), partition.weights(splits)
        outcome.counts.add(partition, splits, left_out, derived)
        builder = ExampleBuilder(job.spec, job.columns, partition, derived, weights, left_out)
        outcome.drawn[number] = draw(builder, splits, job.partitions)
        for split, code in SPLITS.items():
            rows = np.flatnonzero(splits == code)
            if not len(rows):
                continue
            rows = np.random.default_rng([number, code]).permutation(rows)
            suffix = SUFFIXES[job.file_format]
            name = f"Split-{split}/examples-{number:05d}-of-{job.partitions:05d}{suffix}"
            outcome.files.add(name)
            write_example_file(
                job.output,
                name,
                job.file_format,
                arrow_schema(job.columns),
                _chunks(builder, rows),
                self._encoder,
            )

    def _count(self, received: PartitionInput, outcome: Outcome) -> None:
        """The same counters as in the manifest, while the job runs."""
        here = Outcome(
            outcome.counts,
            0 if received.log is None else received.log.num_rows,
            received.history_rows,
        )
        for reason, count in here.counters(self._job.spec.log_source).items():
            if reason not in ("rows_read", "history_rows_read"):  # counted where files are read
                beam.metrics.Metrics.counter(METRICS, reason).inc(count)


def _chunks(builder: ExampleBuilder, rows: Rows) -> Iterator[pa.Table]:
    return (builder.table(rows[at : at + CHUNK_ROWS]) for at in range(0, len(rows), CHUNK_ROWS))
