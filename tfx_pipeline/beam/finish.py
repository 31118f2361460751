"""The last step: what was written becomes a complete examples directory."""

import json
import logging
from collections.abc import Iterator, Set
from importlib.metadata import version

import apache_beam as beam
from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.examples.manifest import FILE_NAME, ExamplesManifest
from infnet_keras.data.examples.raw_examples import raw_batch
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.preparation.dirt import unread_lines
from infnet_keras.data.preparation.join_misses import check_joins
from infnet_keras.data.preparation.log_pass import check_rows
from infnet_keras.data.raw.joins.joined_sources import JoinedSources
from infnet_keras.errors import DataError
from infnet_keras.features.raw_examples_file import RAW_EXAMPLES, raw_examples_text
from infnet_keras.spec import dump_spec
from tfx_pipeline.beam.example_file import TEMPORARY, replaced_file
from tfx_pipeline.beam.job import Job
from tfx_pipeline.beam.outcome import Outcome
from tfx_pipeline.beam.storage import delete, storage_of

FAILURE = "failure.json"
SPEC = "spec.yaml"
_LOGGER = logging.getLogger(__name__)
_LIBRARIES = ("apache-beam", "numpy", "pyarrow", "tfx-bsl")


class FinishExamples(beam.DoFn):
    """Writes spec, raw examples and, last, the manifest; or why the input cannot be used.

    Yields the manifest.
    """

    def __init__(self, job: Job):
        self._job = job

    def process(self, element: tuple[int, Outcome]) -> Iterator[ExamplesManifest]:
        """Finish with the outcome of all partitions."""
        job, outcome = self._job, element[1]
        try:
            if outcome.failures:
                raise DataError(outcome.failures[0].reason)
            without_user = outcome.without_user[job.spec.log_source]
            check_rows(job.spec, job.plan, outcome.rows_read, without_user)
            check_joins(job.spec, job.plan, outcome.counts, self._sources)
            outcome.counts.check(job.spec, job.valid_from)
            for line in unread_lines(job.spec, outcome.counts):
                _LOGGER.warning(line)
        except DataError as error:
            self._write(FAILURE, json.dumps({"error": str(error)}))
            self._delete_temporary()
            return
        drawn = [outcome.drawn[number] for number in sorted(outcome.drawn)]
        examples = raw_batch(job.spec, job.plan.types, drawn)
        manifest = ExamplesManifest(
            spec=job.spec.name,
            file_format=job.file_format,
            valid_from=job.valid_from,
            test_from=job.test_from,
            column_types=dict(job.plan.types),
            impressions=dict(outcome.counts.impressions),
            users=outcome.counts.users,
            counters=outcome.counters(job.spec.log_source),
            label_rates=outcome.counts.label_rates(job.spec.tasks),
            versions={name: version(name) for name in _LIBRARIES},
        )
        self._write(RAW_EXAMPLES, raw_examples_text(examples))
        self._write(SPEC, dump_spec(job.spec))
        self._keep(outcome.files)
        self._delete(FAILURE)
        self._write(FILE_NAME, manifest.to_json())
        self._delete_temporary()
        yield manifest

    def _sources(self) -> JoinedSources:
        return self._job.reference().sources

    def _write(self, name: str, content: str) -> None:
        with replaced_file(self._job.output, name) as stream:
            stream.write(content.encode())

    def _keep(self, files: Set[str]) -> None:
        """What an earlier attempt left, perhaps with other partitions, must not be read."""
        output = self._job.output
        found = {
            "/".join(path.split("/")[-2:]): path
            for split in SPLITS
            for path in storage_of(output).match(output, f"Split-{split}/*")
        }
        # Not the input's fault: raised, so that the runner tries again or the run fails.
        if missing := sorted(files - found.keys()):
            raise FileNotFoundError(
                f"{output} lacks {missing[0]}, which was written: something else deletes files "
                "there, run again with a new directory"
            )
        for name, path in found.items():
            if name not in files:
                delete(path)

    def _delete(self, pattern: str) -> None:
        output = self._job.output
        for path in storage_of(output).match(output, pattern):
            delete(path)

    def _delete_temporary(self) -> None:
        self._delete(f"{TEMPORARY}/*")
        directory = FileSystems.join(self._job.output, TEMPORARY)
        if FileSystems.exists(directory):  # object stores have no empty directories
            delete(directory)
