"""The last step: files of scores become a complete directory."""

import json
from collections.abc import Iterator
from typing import Any

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.examples.manifest import FILE_NAME
from tfx_pipeline.beam.example_file import TEMPORARY, replaced_file
from tfx_pipeline.beam.finish import FAILURE
from tfx_pipeline.beam.scoring.scoring_job import ScoringJob
from tfx_pipeline.beam.scoring.shard_outcome import ShardOutcome
from tfx_pipeline.beam.storage import delete, storage_of


class FinishScores(beam.DoFn):
    """Writes, last of all, the manifest; or why the table cannot be used. Yields the manifest."""

    def __init__(self, job: ScoringJob):
        self._job = job

    def process(self, element: tuple[int, ShardOutcome]) -> Iterator[dict[str, Any]]:
        """Finish with the outcome of all shards."""
        outcome, job = element[1], self._job
        if outcome.failures:
            reason = outcome.failures[min(outcome.failures)]
            self._write(FAILURE, {"error": reason})
            self._delete_temporary()
            return
        manifest = {
            "model": job.model,
            "tasks": job.tasks,
            "rows": {name: outcome.rows[name] for _, name in job.shards},
            "unreadable": list(outcome.unreadable.lines()),
        }
        for path in storage_of(job.output).match(job.output, FAILURE):
            delete(path)
        self._write(FILE_NAME, manifest)
        self._delete_temporary()
        yield manifest

    def _write(self, name: str, content: dict[str, Any]) -> None:
        with replaced_file(self._job.output, name) as stream:
            stream.write(json.dumps(content, indent=2, ensure_ascii=False).encode())

    def _delete_temporary(self) -> None:
        output = self._job.output
        for path in storage_of(output).match(output, f"{TEMPORARY}/*"):
            delete(path)
        directory = FileSystems.join(output, TEMPORARY)
        if FileSystems.exists(directory):  # object stores have no empty directories
            delete(directory)
