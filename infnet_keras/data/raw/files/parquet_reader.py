"""Parquet to tables, in the file's own types."""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from infnet_keras.data.raw.files.column_names import distinct
from infnet_keras.data.raw.files.file_kind import recognized
from infnet_keras.data.raw.files.storage import Storage
from infnet_keras.data.raw.values.conversion import inferred_type
from infnet_keras.data.raw.values.inference import Inferred
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType


class ParquetReader:
    """One Parquet file.

    Args:
        file: its path.
        missing: spellings of missing values.
        storage: where it lies.
        block_rows: how many rows are read at a time.
    """

    def __init__(self, file: str, missing: list[str], storage: Storage, block_rows: int):
        self._file = file
        self._missing = missing
        self._storage = storage
        self._block_rows = block_rows

    def names(self) -> list[str]:
        """The columns, and the paths of fields in structs."""
        return list(self.inferred(0))

    def inferred(self, sample_bytes: int) -> dict[str, Inferred]:
        """Every column, fields of structs by their path, with its type."""
        with self._opened() as stream:
            parquet, _ = _parquet(stream)
            schema = parquet.schema_arrow
            distinct(self._file, schema.names, stored=True)
            beyond = _beyond_int64(parquet.metadata)
            found: dict[str, Inferred] = {}
            for field in schema:
                for path, arrow_type in _leaves(field.name, field.type):
                    seen: ColumnType | None = inferred_type(arrow_type)
                    if path in beyond:
                        seen = "string"
                    if pa.types.is_null(arrow_type):
                        seen = None
                    found.setdefault(path, Inferred(seen, self._file, 0, None))
        return found

    def rows(self) -> int:
        """How many rows the file has."""
        with self._opened() as stream:
            return int(pq.read_metadata(stream).num_rows)

    def blocks(self, columns: list[str]) -> Iterator[pa.Table]:
        """The rows, in order.

        Args:
            columns: what to read: names, or the paths of fields in structs; at least one.
        """
        with self._opened() as stream:
            parquet, schema = _parquet(stream)
            distinct(self._file, schema.names, stored=True)
            written = {
                path: _as_lists(leaf)
                for field in schema
                for path, leaf in _leaves(field.name, field.type)
            }
            for batch in parquet.iter_batches(self._block_rows, columns=columns):
                read = {n: _in_its_zone(_column(batch, n), written[n]) for n in columns}
                yield pa.table({name: self._present(values) for name, values in read.items()})

    def _opened(self) -> pa.NativeFile:
        stream = self._storage.open(self._file)
        head = stream.read(512)
        stream.seek(0)
        if not head.startswith(b"PAR1"):
            stream.close()
            said = "empty" if not head else recognized(head) or "no Parquet file"
            raise DataError(
                f"{self._file} is {said}, though its name says Parquet; unpack or convert it, or "
                "correct its name"
            )
        return stream

    def _present(self, values: pa.Array) -> pa.Array:
        """The values, null where they are spelt as a missing one."""
        arrow_type = values.type
        if not self._missing:
            return values
        if pa.types.is_dictionary(arrow_type):
            values = values.dictionary_decode()
            arrow_type = values.type
        if not (pa.types.is_primitive(arrow_type) or _is_text(arrow_type)):
            return values
        spellings = []
        for text in self._missing:
            try:
                spellings.append(pa.scalar(text).cast(arrow_type))
            except pa.ArrowException:
                continue  # no value of this type is spelt so
        if not spellings:
            return values
        missing = pc.is_in(values, pa.array([s.as_py() for s in spellings], arrow_type))
        return pc.if_else(missing, pa.scalar(None, arrow_type), values)


def _parquet(stream: pa.NativeFile) -> tuple[pq.ParquetFile, pa.Schema]:
    """A file whose lists of a fixed size are read as any others, and the types it was written in.

    pyarrow cannot read a null among lists of a fixed size; that they are of one stands only in the
    schema of Arrow that a writer leaves beside Parquet's own.
    """
    parquet = pq.ParquetFile(stream)
    leaves = (leaf for field in parquet.schema_arrow for _, leaf in _leaves(field.name, field.type))
    if not any(map(pa.types.is_fixed_size_list, leaves)):
        return parquet, parquet.schema_arrow
    footer = pa.BufferOutputStream()
    parquet.metadata.write_metadata_file(footer)
    without = footer.getvalue().to_pybytes().replace(b"ARROW:schema", b"arrow:schema")
    stream.seek(0)
    read = pq.ParquetFile(stream, metadata=pq.read_metadata(pa.BufferReader(without)))
    return read, parquet.schema_arrow


def _as_lists(arrow_type: pa.DataType) -> pa.DataType:
    """The type, with lists of a fixed size as any others."""
    if pa.types.is_fixed_size_list(arrow_type) or pa.types.is_list(arrow_type):
        return pa.list_(_as_lists(arrow_type.value_type))
    if pa.types.is_struct(arrow_type):
        return pa.struct([field.with_type(_as_lists(field.type)) for field in arrow_type])
    return arrow_type


def _in_its_zone(values: pa.Array, written: pa.DataType) -> pa.Array:
    """Values whose times have the zone that Arrow's schema gives them: Parquet's own has UTC."""
    return values.cast(written) if _has_zone(written) else values


def _has_zone(arrow_type: pa.DataType) -> bool:
    if pa.types.is_list(arrow_type):
        return _has_zone(arrow_type.value_type)
    if pa.types.is_struct(arrow_type):
        return any(_has_zone(field.type) for field in arrow_type)
    return pa.types.is_timestamp(arrow_type) and arrow_type.tz is not None


def _is_text(arrow_type: pa.DataType) -> bool:
    return any(
        test(arrow_type)
        for test in (
            pa.types.is_string,
            pa.types.is_large_string,
            pa.types.is_binary,
            pa.types.is_large_binary,
        )
    )


def _leaves(name: str, arrow_type: pa.DataType) -> Iterator[tuple[str, pa.DataType]]:
    yield name, arrow_type
    if pa.types.is_struct(arrow_type):
        for field in arrow_type:
            yield from _leaves(f"{name}.{field.name}", field.type)


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    """A column, or the field of a struct at a dotted path."""
    if name in batch.schema.names:
        return batch.column(batch.schema.names.index(name))
    for top in batch.schema.names:
        if name.startswith(f"{top}."):
            found = _field(batch.column(batch.schema.names.index(top)), name[len(top) + 1 :])
            if found is not None:
                return found
    raise KeyError(name)


def _field(values: pa.Array, path: str) -> pa.Array | None:
    if not pa.types.is_struct(values.type):
        return None
    for index, field in enumerate(values.type):
        if path == field.name:
            return pc.struct_field(values, index)  # null where the struct is
        if path.startswith(f"{field.name}."):
            found = _field(pc.struct_field(values, index), path[len(field.name) + 1 :])
            if found is not None:
                return found
    return None


def _beyond_int64(metadata: pq.FileMetaData) -> set[str]:
    """Paths of unsigned columns with values that no int64 holds, as far as the file says."""
    beyond = set()
    for column in range(metadata.num_columns):
        schema = metadata.schema.column(column)
        if schema.physical_type != "INT64" or "isSigned=false" not in str(schema.logical_type):
            continue
        for group in range(metadata.num_row_groups):
            statistics = metadata.row_group(group).column(column).statistics
            if statistics is None or not statistics.has_min_max or statistics.max >= 2**63:
                beyond.add(schema.path)
    return beyond
