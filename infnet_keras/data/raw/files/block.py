"""Consecutive rows of one raw file."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa


class Block(NamedTuple):
    """Rows of one file: text columns from CSV, a file's own types from Parquet.

    Attributes:
        file: where they were read, for errors.
        first_row: the first one's number in its file, counted from 0.
        table: the rows.
        file_rows: int64 [rows], where several rows of the table are one row of the file: how far
            behind `first_row` that is; None where every row is one of the file.
    """

    file: str
    first_row: int
    table: pa.Table
    file_rows: npt.NDArray[np.int64] | None = None

    def row(self, at: int) -> str:
        """Where a row of the table stands in the file, for errors.

        Example:
            >>> Block("log.csv", 100, pa.table({"a": [1, 2]})).row(1)
            'row 102'
        """
        offset = at if self.file_rows is None else int(self.file_rows[at])
        return f"row {self.first_row + offset + 1}"
