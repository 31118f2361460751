"""Raw files to pieces of partitions."""

import logging
from collections.abc import Iterator

import apache_beam as beam
import pyarrow as pa

from infnet_keras.data.history.events import HISTORY, LOG, TIME, user_column
from infnet_keras.data.history.instant_counts import InstantCounts
from infnet_keras.data.preparation.earlier_pass import earlier_rows
from infnet_keras.data.preparation.log_pass import log_columns, log_rows
from infnet_keras.data.preparation.rows_without_user import event_source_name
from infnet_keras.data.preparation.spill import partition_numbers, split_rows
from infnet_keras.data.raw.files.block import Block
from infnet_keras.errors import DataError
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.messages import Counted, Failure, FileRead, Message, Piece, packed
from tfx_pipeline.beam.split_instants import NO_PARTITION

METRICS = "infnet"
_LOGGER = logging.getLogger(__name__)
_PIECE_BYTES = 64 << 10  # one of a few rows would mostly hold the names of its columns
_MOST_BYTES = 128 << 20


class ReadRows(beam.DoFn):
    """Reads one file of the log, or of earlier events, and splits its rows by user.

    Yields (partition, message), and where splits begin at an instant that a fraction stands for,
    (NO_PARTITION, counted) of every file of the log.
    """

    def __init__(self, job: Job):
        self._job = job
        self._counts_instants = job.split_rule.asks_instants
        self._told: set[str] = set()
        self._rows_read = {
            source: beam.metrics.Metrics.counter(METRICS, name)
            for source, name in ((LOG, "rows_read"), (HISTORY, "history_rows_read"))
        }

    def process(self, element: tuple[int, int, str]) -> Iterator[tuple[int, Message]]:
        """Read one file: its source, its number, its path."""
        source, number, path = element
        partitions, user = self._job.partitions, user_column(self._job.spec)
        rows = kept = 0
        instants = InstantCounts() if self._counts_instants and source == LOG else None
        last: Message
        try:
            for count, (read, table) in enumerate(self._tables(source, path)):
                for partition, part in split_rows(
                    table, partition_numbers(table[user], partitions)
                ):
                    yield partition, Piece(source, number, count, packed(part))
                if instants is not None:
                    instants.add(table[TIME].to_numpy())
                rows += read
                kept += table.num_rows
            last = FileRead(source, number, rows, rows - kept)
            self._tell()
            if source in self._rows_read:
                self._rows_read[source].inc(rows)
            name = f"rows_without_user:{event_source_name(self._job.spec, source)}"
            beam.metrics.Metrics.counter(METRICS, name).inc(rows - kept)
        except DataError as error:
            last = Failure(0, source, number, str(error))
        for partition in range(partitions):
            yield partition, last
        if instants is not None:
            yield NO_PARTITION, Counted(instants)

    def _tell(self) -> None:
        """Write into the worker's log what `prepare` says of the files; each note once."""
        job = self._job
        for files in (job.plan.files[job.spec.log_source], *job.earlier.values()):
            for note in files.notes():
                if note not in self._told:
                    _LOGGER.warning(note)
                self._told.add(note)

    def _tables(self, source: int, path: str) -> Iterator[tuple[int, pa.Table]]:
        """How many rows of a file are read, and those that are kept, at a time.

        As many as make pieces worth their overhead.
        """
        enough = min(self._job.partitions * _PIECE_BYTES, _MOST_BYTES)
        collected: list[pa.Table] = []
        rows = told = 0
        for block in self._blocks(source, path):
            collected.append(self._rows(source, block, rows))
            rows += block.table.num_rows
            if sum(table.nbytes for table in collected) >= enough:
                yield rows - told, pa.concat_tables(collected).combine_chunks()
                collected, told = [], rows
        if collected:
            yield rows - told, pa.concat_tables(collected).combine_chunks()

    def _blocks(self, source: int, path: str) -> Iterator[Block]:
        job = self._job
        if source == LOG:
            log = job.plan.files[job.spec.log_source]
            return log.file_blocks(path, log_columns(job.spec, job.plan))
        return job.earlier[source].file_blocks(path, job.earlier_columns[source])

    def _rows(self, source: int, block: Block, first_number: int) -> pa.Table:
        spec, plan = self._job.spec, self._job.plan
        if source == LOG:
            return log_rows(spec, plan, block, first_number)
        return earlier_rows(spec, plan, source, block, first_number)
