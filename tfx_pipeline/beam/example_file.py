"""One file of examples, written chunk by chunk; it appears whole or not at all."""

import struct
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from gzip import GzipFile
from typing import BinaryIO
from uuid import uuid4

import google_crc32c
import pyarrow as pa
import pyarrow.parquet as pq
from apache_beam.io.filesystem import CompressionTypes
from apache_beam.io.filesystems import FileSystems

from infnet_keras.data.examples.manifest import FileFormat
from tfx_pipeline.beam.encode import ExampleEncoder
from tfx_pipeline.beam.storage import delete

TEMPORARY = "temporary"
SUFFIXES: dict[FileFormat, str] = {"tfrecord": ".gz", "parquet": ".parquet"}
_GZIP_LEVEL = 1  # examples repeat their feature names: higher levels gain little
_MASK_DELTA = 0xA282EAD8


def write_example_file(
    output: str,
    name: str,
    file_format: FileFormat,
    schema: pa.Schema,
    chunks: Iterable[pa.Table],
    encoder: ExampleEncoder,
) -> None:
    """Write examples to `output`/`name`, replacing a file of that name.

    Args:
        output: the examples directory.
        name: the file's path in it.
        file_format: what to write.
        schema: of the chunks.
        chunks: the examples.
        encoder: of tf.Examples.
    """
    with replaced_file(output, name) as stream:
        if file_format == "parquet":
            with (
                pa.PythonFile(stream, mode="w") as sink,
                pq.ParquetWriter(sink, schema, compression="zstd") as writer,
            ):
                for chunk in chunks:
                    writer.write_table(chunk)
            return
        # Name and time of the file would be in its header: the same rows give the same bytes.
        with GzipFile("", "wb", _GZIP_LEVEL, stream, mtime=0) as compressed:
            for chunk in chunks:
                compressed.write(b"".join(_framed(encoder.encode(chunk))))


@contextmanager
def replaced_file(output: str, name: str) -> Iterator[BinaryIO]:
    """A file to write, which takes its name in a directory when the block ends well.

    What a killed process leaves lies in `output`/temporary until a later one is done. An attempt
    that goes on after others finished, which deletes its temporary file, leaves theirs alone.

    Raises:
        OSError: the file cannot be written, or its temporary file was deleted.
    """
    path = FileSystems.join(output, *name.split("/"))
    temporary = FileSystems.join(output, TEMPORARY, uuid4().hex)
    with FileSystems.create(temporary, compression_type=CompressionTypes.UNCOMPRESSED) as stream:
        yield stream
    with suppress(OSError):  # it is there already
        FileSystems.mkdirs(FileSystems.split(path)[0])
    try:
        FileSystems.rename([temporary], [path])
    except OSError:  # local files and object stores replace an earlier attempt's, HDFS does not
        if not (FileSystems.exists(temporary) and FileSystems.exists(path)):
            raise
        delete(path)
        FileSystems.rename([temporary], [path])


def _framed(records: list[bytes]) -> Iterator[bytes]:
    """TFRecord's framing: length, its checksum, the record, its checksum."""
    for record in records:
        length = struct.pack("<Q", len(record))
        yield length
        yield _masked_checksum(length)
        yield record
        yield _masked_checksum(record)


def _masked_checksum(content: bytes) -> bytes:
    checksum = google_crc32c.value(content)
    rotated = (checksum >> 15) | (checksum << 17)
    return struct.pack("<I", (rotated + _MASK_DELTA) & 0xFFFFFFFF)
