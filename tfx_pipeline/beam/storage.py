"""Raw files and examples on any file system that Beam knows: gs://, s3://, hdfs://, ..."""

import pyarrow as pa
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.storage import LocalStorage, Storage


class BeamStorage:
    """The file systems of Beam, told apart by the scheme of a path.

    Each wants its extra of apache-beam, such as `apache-beam[gcp]` for gs://.
    """

    def match(self, directory: str, pattern: str) -> list[str]:
        """Paths below `directory` that match a pattern (`*`, `?`, `[...]`, `**`), in order."""
        found = FileSystems.match([FileSystems.join(directory, pattern)])[0].metadata_list
        return sorted(metadata.path for metadata in found)

    def open(self, path: str) -> pa.NativeFile:
        """A file's bytes as they are."""
        stream = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
        return pa.PythonFile(stream, mode="r")

    def size(self, path: str) -> int:
        """How many bytes a file has."""
        return int(FileSystems.get_filesystem(path).size(path))


def storage_of(path: str) -> Storage:
    """What reads a path: this machine's file system, or Beam's for a path with a scheme."""
    return LocalStorage() if is_local(path) else BeamStorage()


def is_local(path: str) -> bool:
    """Whether a path has no scheme such as gs://."""
    return FileSystems.get_scheme(path) is None
