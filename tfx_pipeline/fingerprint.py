"""Whether the files of a run are those of an earlier one."""

import os
from hashlib import sha256

from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.examples_manifest import FILE_NAME
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.beam.storage import storage_of


def fingerprint(spec: FeatureSpec, data: str, history: str | None = None) -> str:
    """A hash of the names, sizes and times of the files that ExampleGen would read.

    Args:
        spec: says which files there are.
        data: directory of the raw files, or an examples directory.
        history: file of events from before the log.
    """
    storage = storage_of(data)
    patterns = [
        os.path.join(data, pattern)
        for source in spec.sources.values()
        for pattern in ([source.files] if isinstance(source.files, str) else source.files)
    ]
    if storage.match(data, FILE_NAME):
        patterns = [os.path.join(data, FILE_NAME), os.path.join(data, "Split-*", "*")]
    if history is not None:
        patterns.append(history)
    found = {
        (metadata.path, metadata.size_in_bytes, metadata.last_updated_in_seconds)
        for result in FileSystems.match(patterns)
        for metadata in result.metadata_list
    }
    return sha256(repr(sorted(found)).encode()).hexdigest()
