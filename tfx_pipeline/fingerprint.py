"""Whether the files of a run are those of an earlier one."""

import os
from collections.abc import Iterator
from glob import escape
from hashlib import sha256

from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.examples.manifest import FILE_NAME
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.data.preparation.earlier_pass import history_files
from infnet_keras.features.raw_examples_file import RAW_EXAMPLES
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.finish import SPEC
from tfx_pipeline.beam.storage import BeamStorage, storage_of


def fingerprint(spec: FeatureSpec, data: str, history: str | None = None) -> str:
    """A hash of the names, sizes and times of the files that ExampleGen would read.

    Args:
        spec: says which files there are.
        data: directory of the raw files, or an examples directory.
        history: file of events from before the log.

    Raises:
        DataError: the history is no file.
    """
    storage = storage_of(data)
    if storage.match(data, FILE_NAME):
        patterns = [FILE_NAME, RAW_EXAMPLES, SPEC, *(f"Split-{split}/*" for split in SPLITS)]
    else:
        patterns = [
            pattern
            for source in spec.sources.values()
            for pattern in ([source.files] if isinstance(source.files, str) else source.files)
        ]
    found = {state for pattern in patterns for state in _states(data, pattern)}
    if history is not None:
        for path in history_files(history, storage_of(history)).files:
            directory, name = FileSystems.split(path)
            found.update(_states(directory, escape(name)))
    return sha256(repr(sorted(found)).encode()).hexdigest()


def _states(directory: str, pattern: str) -> Iterator[tuple[str, int, float]]:
    """Path, size and time of change of files; of remote ones as the listing says."""
    storage = storage_of(directory)
    if isinstance(storage, BeamStorage):
        for metadata in storage.listed(directory, pattern):
            yield metadata.path, metadata.size_in_bytes, metadata.last_updated_in_seconds
    else:
        for path in storage.match(directory, pattern):
            status = os.stat(path)
            yield path, status.st_size, status.st_mtime_ns
