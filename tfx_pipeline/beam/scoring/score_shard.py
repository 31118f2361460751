"""One file of a table to one file of scores."""

from collections.abc import Iterator

import apache_beam as beam
import pyarrow as pa

from infnet_keras.errors import DataError
from infnet_keras.scoring.score_table import score_schema, scored
from infnet_keras.scoring.score_writer import ScoreWriter
from infnet_keras.scoring.table_files import TableFile
from infnet_keras.scoring.unreadable_cells import UnreadableCells
from tfx_pipeline.beam.example_file import replaced_file
from tfx_pipeline.beam.read_rows import METRICS
from tfx_pipeline.beam.scoring.scoring_job import ScoringJob
from tfx_pipeline.beam.scoring.shard_outcome import ShardOutcome
from tfx_pipeline.beam.storage import storage_of


class ScoreShard(beam.DoFn):
    """Scores the rows of one file, in order.

    Files have the same names and rows in every attempt. Yields (0, outcome).
    """

    def __init__(self, job: ScoringJob):
        self._job = job
        self._rows = beam.metrics.Metrics.counter(METRICS, "rows_scored")

    def process(self, element: tuple[int, str]) -> Iterator[tuple[int, ShardOutcome]]:
        """Score the file of one shard."""
        shard, name = element
        files = self._job.plan.files[shard : shard + 1]  # none, of a table without files
        outcome = ShardOutcome(
            unreadable=UnreadableCells(refused=self._job.refuse_unreadable),
        )
        try:
            with replaced_file(self._job.output, name) as stream:
                outcome.rows[name] = self._write(
                    name, pa.PythonFile(stream, mode="w"), files, outcome
                )
        except DataError as error:
            outcome.failures[shard] = str(error)
        yield 0, outcome

    def _write(
        self, name: str, sink: pa.NativeFile, files: list[TableFile], outcome: ShardOutcome
    ) -> int:
        job, rows = self._job, 0
        with sink, ScoreWriter(name, score_schema(job.plan.schema, job.tasks), sink) as writer:
            for file in files:
                storage = storage_of(file.directory)
                for batch in job.plan.batches(file, job.batch_size, outcome.unreadable, storage):
                    writer.write(scored(job.scorer(), batch))
                    rows += batch.kept.num_rows
                    self._rows.inc(batch.kept.num_rows)
        return rows
