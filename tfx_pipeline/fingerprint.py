"""Whether the files of a run are those of an earlier one."""

import os
from hashlib import sha256

from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.examples_manifest import FILE_NAME
from infnet_keras.data.log_pass import history_files
from infnet_keras.data.splits import SPLITS
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.finish import RAW_EXAMPLES, SPEC
from tfx_pipeline.beam.storage import is_local, storage_of


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
    found = {path for pattern in patterns for path in storage.match(data, pattern)}
    if history is not None:
        found.update(history_files(history, storage_of(history)).files)
    return sha256(repr([(path, *_state(path)) for path in sorted(found)]).encode()).hexdigest()


def _state(path: str) -> tuple[int, float]:
    """Size and time of change."""
    if is_local(path):
        status = os.stat(path)
        return status.st_size, status.st_mtime_ns
    metadata = FileSystems.get_filesystem(path).metadata(path)
    return metadata.size_in_bytes, metadata.last_updated_in_seconds
