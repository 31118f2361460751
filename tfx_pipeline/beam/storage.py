"""Raw files and examples on any file system that Beam knows: gs://, s3://, hdfs://, ..."""

import re
import shutil
from glob import escape
from importlib import import_module
from pathlib import Path

import pyarrow as pa
from apache_beam.io.filesystem import BeamIOError, CompressionTypes, FileMetadata
from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.raw.files.storage import LocalStorage, Storage
from infnet_keras.errors import DataError

# What Beam needs for a scheme: a module, and the extra that brings it.
_EXTRAS = {
    "gs": ("google.cloud.storage", "gcp"),
    "s3": ("boto3", "aws"),
    "hdfs": ("hdfs", "hadoop"),
    "azfs": ("azure.storage.blob", "azure"),
}


class BeamStorage:
    """The file systems of Beam, told apart by the scheme of a path.

    Each wants its extra of apache-beam, such as `apache-beam[gcp]` for gs://.
    """

    def match(self, directory: str, pattern: str) -> list[str]:
        """Paths below `directory` that match a pattern (`*`, `?`, `[...]`, `**`), in order."""
        return sorted(metadata.path for metadata in self.listed(directory, pattern))

    def origin(self, path: str) -> str:
        """The path: object stores have no links."""
        return path

    def listed(self, directory: str, pattern: str) -> list[FileMetadata]:
        """What a listing says of these files: path, size, time of change."""
        path = FileSystems.join(escape(directory), pattern)
        try:
            found: list[FileMetadata] = FileSystems.match([path])[0].metadata_list
        except BeamIOError:
            # HDFS cannot list a directory that is not there; object stores find nothing in it.
            system = FileSystems.get_filesystem(path)
            listed = re.split(r"[*?[]", path, maxsplit=1)[0].rpartition("/")[0]
            if not system.has_dirs() or system.exists(listed):
                raise
            return []
        return found

    def open(self, path: str) -> pa.NativeFile:
        """A file's bytes as they are."""
        stream = FileSystems.open(path, compression_type=CompressionTypes.UNCOMPRESSED)
        return pa.PythonFile(stream, mode="r")

    def size(self, path: str) -> int:
        """How many bytes a file has."""
        return int(FileSystems.get_filesystem(path).size(path))


def storage_of(path: str) -> Storage:
    """What reads a path: this machine's file system, or Beam's for a path with a scheme.

    Raises:
        DataError: Beam lacks what it needs for this scheme.
    """
    if is_local(path):
        return LocalStorage()
    scheme = FileSystems.get_scheme(path)
    if scheme in _EXTRAS:
        module, extra = _EXTRAS[scheme]
        try:
            import_module(module)
        except ImportError as error:
            raise DataError(
                f"{path}: Beam needs its extra for {scheme}://, `pip install "
                f"'apache-beam[{extra}]'`"
            ) from error
    return BeamStorage()


def is_local(path: str) -> bool:
    """Whether a path has no scheme such as gs://."""
    return FileSystems.get_scheme(path) is None


def delete(path: str) -> None:
    """Delete a file, or a directory with all that is in it."""
    if not is_local(path):
        FileSystems.delete([path])
    elif Path(path).is_dir():  # Beam would take brackets in a local path for a pattern
        shutil.rmtree(path)
    else:
        Path(path).unlink()
