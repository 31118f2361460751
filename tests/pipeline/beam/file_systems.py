"""File systems of other machines, kept in local directories. Importing them registers them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from apache_beam.io.filesystem import BeamIOError, CompressionTypes, FileMetadata
from apache_beam.io.localfilesystem import LocalFileSystem


class StoreFileSystem(LocalFileSystem):
    """An object store, store://DIRECTORY/KEY."""

    @classmethod
    def scheme(cls):
        return "store"

    @classmethod
    def _local(cls, path):
        assert path.startswith(f"{cls.scheme()}://"), path
        return path.removeprefix(f"{cls.scheme()}:/")

    def join(self, basepath, *paths):
        return "/".join([basepath.rstrip("/"), *paths])

    def split(self, path):
        head, _, tail = path.rpartition("/")
        return head, tail

    def mkdirs(self, path):
        pass

    def has_dirs(self):
        return False

    def _list(self, prefix):
        yield from self._files(Path(self._local(prefix)).parent.rglob("*"))

    def _files(self, found: Iterator[Path]) -> Iterator[FileMetadata]:
        for file in found:
            if file.is_file():
                yield self.metadata(f"{self.scheme()}:/{file}")

    def create(self, path, mime_type="", compression_type=CompressionTypes.AUTO):
        return super().create(self._local(path), mime_type, compression_type)

    def open(self, path, mime_type="", compression_type=CompressionTypes.AUTO):
        return super().open(self._local(path), mime_type, compression_type)

    def rename(self, source_file_names, destination_file_names):
        for path in destination_file_names:
            Path(self._local(path)).parent.mkdir(exist_ok=True)
        super().rename(
            [*map(self._local, source_file_names)], [*map(self._local, destination_file_names)]
        )

    def exists(self, path):
        return super().exists(self._local(path))

    def metadata(self, path):
        return FileMetadata(path, self.size(path), Path(self._local(path)).stat().st_mtime)

    def size(self, path):
        return super().size(self._local(path))

    def delete(self, paths):
        for path in map(Path, map(self._local, paths)):
            shutil.rmtree(path) if path.is_dir() else path.unlink()


class TreeFileSystem(StoreFileSystem):
    """Files in directories, tree://DIRECTORY/FILE, as strict as Beam's HadoopFileSystem."""

    @classmethod
    def scheme(cls):
        return "tree"

    def mkdirs(self, path):
        if self.exists(path):
            raise BeamIOError(f"Path already exists: {path}")
        Path(self._local(path)).mkdir(parents=True)

    def has_dirs(self):
        return True

    def _url_dirname(self, path):
        return path.rpartition("/")[0]

    def _list(self, directory):
        try:
            yield from self._files(Path(self._local(directory)).iterdir())
        except OSError as error:
            raise BeamIOError("List operation failed", {directory: error}) from error

    def rename(self, source_file_names, destination_file_names):
        for source, target in zip(source_file_names, destination_file_names, strict=True):
            if self.exists(target):
                raise BeamIOError(f"libhdfs error in renaming {source} to {target}")
            Path(self._local(source)).rename(self._local(target))
