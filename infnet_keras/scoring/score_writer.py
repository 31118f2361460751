"""The file of scores, written batch after batch."""

from pathlib import Path
from types import TracebackType
from typing import Any, Self

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from infnet_keras.errors import DataError

_GROUP_ROWS = 1 << 16
_KINDS = {".parquet": "parquet", ".pq": "parquet", ".csv": "csv"}


class ScoreWriter:
    """Writes scores as Parquet, or as CSV with a header line.

    Args:
        out: the file's name, whose end says which.
        schema: of the batches.
        into: where it is written; None for `out`.

    Raises:
        DataError: the name ends otherwise, or a column is of a type that CSV has no text for.

    Example:
        >>> with ScoreWriter("scores.csv", table.schema) as writer:
        ...     writer.write(table)
    """

    def __init__(self, out: str | Path, schema: pa.Schema, into: Any = None):
        kind = score_kind(out)
        self._schema = schema
        self._pending: list[pa.Table] = []
        target = str(out) if into is None else into
        if kind == "csv":
            nested = next((f.name for f in schema if pa.types.is_nested(f.type)), None)
            if nested is not None:
                raise DataError(
                    f"column {nested!r} holds lists or structs, which CSV cannot: do not keep it, "
                    "or write .parquet"
                )
            self._writer = pyarrow.csv.CSVWriter(target, schema)
        else:
            self._writer = pq.ParquetWriter(target, schema, compression="zstd")

    def write(self, batch: pa.Table) -> None:
        """Append some rows; a Parquet file gets groups of 65,536."""
        self._pending.append(batch)
        if sum(table.num_rows for table in self._pending) >= _GROUP_ROWS:
            self._flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._writer.close()

    def _flush(self) -> None:
        if self._pending:
            self._writer.write_table(pa.concat_tables(self._pending).combine_chunks())
        self._pending = []


def score_kind(out: str | Path) -> str:
    """Whether a file of scores is "parquet" or "csv", by its name.

    Raises:
        DataError: it is neither.
    """
    suffix = Path(out).suffix.lower()
    if suffix not in _KINDS:
        raise DataError(f"scores are written as .parquet or .csv; {out} ends with neither")
    return _KINDS[suffix]
