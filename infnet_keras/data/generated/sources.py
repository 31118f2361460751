"""Which generated file holds which column, and the files themselves."""

import re
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from infnet_keras.data.generated.column import declared_types
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import Source


def column_source(spec: FeatureSpec, column: str) -> str:
    """The source that gets a column.

    One that declares its type, else the one that is joined by the key of whose side the column
    is, else the log.
    """
    if column in declared_types(spec):
        return next(name for name, source in spec.sources.items() if column in source.types)
    key = {"user": spec.keys.user, "item": spec.keys.item}.get(spec.column_side(column))
    joined = (name for name, source in spec.sources.items() if key and key in source.keys)
    return next(joined, spec.log_source)


def file_names(source: Source) -> list[str]:
    """A name for each pattern of a source: wildcards replaced by "generated", none at the end.

    Example:
        >>> file_names(Source(files="log_standard_*_pure.csv*", join="user_id"))
        ['log_standard_generated_pure.csv']
    """
    patterns = [source.files] if isinstance(source.files, str) else source.files
    names = []
    for pattern in patterns:
        name = re.sub(r"(\.\w+)\*+$", r"\1", pattern)
        name = re.sub(r"\[!?(.)[^]]*\]", r"\1", name)
        names.append(re.sub(r"\*+", "generated", name).replace("?", "0"))
    return list(dict.fromkeys(names))


class SourceWriter:
    """Writes the rows of a source, spread over its files in order; a context manager.

    Args:
        directory: where the files go.
        source: names and delimiter.
        rows: how many rows will come.
    """

    def __init__(self, directory: Path, source: Source, rows: int):
        paths = [directory / name for name in file_names(source)]
        ends = np.linspace(0, rows, len(paths) + 1).astype(int)[1:].tolist()
        self._files = list(zip(paths, ends, strict=True))
        self._delimiter = source.delimiter
        self._written = 0
        self._open = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> "SourceWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write(self, table: pa.Table) -> None:
        """Write the next rows."""
        while table.num_rows:
            path, end = self._files[0]
            if self._writer is None:
                self._writer = self._started(path, table.schema)
            piece = table.slice(0, end - self._written)
            self._writer.write_table(piece)
            self._written += piece.num_rows
            table = table.slice(piece.num_rows)
            if self._written == end:
                self._open.close()
                self._files.pop(0)
                self._writer = None

    def _started(self, path: Path, schema: pa.Schema) -> Any:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.suffix in (".parquet", ".pq"):
            return self._open.enter_context(pq.ParquetWriter(path, schema))
        stream = self._open.enter_context(pa.output_stream(path, compression="detect"))
        options = pa.csv.WriteOptions(delimiter=self._delimiter)
        return self._open.enter_context(pa.csv.CSVWriter(stream, schema, write_options=options))
