"""Histories that stand ready made in the cells of a log."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.list_cells import collected, lengths_of, list_cells, rows_of
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.data.raw.values.time_column import TimeColumn
from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.clock import to_epoch_ms
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

Instants = npt.NDArray[np.int64]


def history_column(sequence: str) -> str:
    """Where a ready-made history stands among the columns of the log."""
    return f"\0history:{sequence}"


def later_column(sequence: str) -> str:
    """Where it stands how many of its events were not before the impression."""
    return f"\0later:{sequence}"


def ready_made(
    block: Block,
    spec: FeatureSpec,
    sequence: str,
    types: dict[str, ColumnType],
    instants: Instants | None,
) -> dict[str, pa.Array]:
    """The ready-made histories of a block's rows.

    Args:
        block: rows of the log.
        spec: what is read.
        sequence: whose histories.
        types: of the columns that elements and times are values of.
        instants: int64 [rows], when each impression happened; None for a log without time.

    Returns:
        By column name, lists of elements, oldest first, the latest `length`; where the history has
        times, also int32 [rows], how many elements were not strictly before the impression.

    Raises:
        DataError: a cell is no history; names file, row or value.
    """
    declared = spec.sequences[sequence]
    element, key = spec.history_element(sequence), f"sequences.{sequence}"
    column, times = str(declared.column), declared.times
    lists = list_cells(block, column, declared.separator, key, drop_empty=times is None)
    rows = rows_of(lists)

    def place(at: int) -> str:
        return block.row(int(rows[at]))

    try:
        values = convert(lists.flatten(), types[element], None, element, block.file, place)
    except DataError as error:
        raise DataError(f"the histories in column {column!r}: {error}") from error
    # Oldest first: where there are times they decide, and the cell's order decides among equals.
    order = np.arange(len(rows))[:: -1 if declared.order == "newest_first" else 1]
    found: dict[str, pa.Array] = {}
    kept = values.is_valid().to_numpy(zero_copy_only=False)
    if times is not None:
        assert instants is not None  # the spec's checks ask for a time column
        happened = _times(block, spec, column, times, lists, declared.separator, types)
        later = happened >= instants[rows]
        found[later_column(sequence)] = pa.array(
            np.bincount(rows[later & kept], minlength=len(lists)).astype(np.int32)
        )
        kept &= ~later
        order = order[np.lexsort((happened[order], rows[order]))]
    else:
        order = order[np.argsort(rows[order], kind="stable")]
    order = order[kept[order]]
    rows = rows[order]
    from_end = np.cumsum(np.bincount(rows, minlength=len(lists)))[rows] - np.arange(len(rows))
    latest = from_end <= declared.length
    found[history_column(sequence)] = collected(
        values.take(pa.array(order[latest])), rows[latest], pa.array(np.zeros(len(lists), bool))
    )
    return found


def _times(
    block: Block,
    spec: FeatureSpec,
    column: str,
    times: str,
    lists: pa.ListArray,
    separator: str | None,
    types: dict[str, ColumnType],
) -> Instants:
    """When each element happened, int64 [elements], milliseconds."""
    time_lists = list_cells(block, times, separator, "sequences", drop_empty=False)
    counts, others = lengths_of(lists), lengths_of(time_lists)
    if (counts != others).any():
        at = int(np.flatnonzero(counts != others)[0])
        raise DataError(
            f"{block.file}: {block.row(at)} has {counts[at]} elements in the history {column!r} "
            f"and {others[at]} in its times {times!r}; correct the row"
        )
    rows = rows_of(lists)

    def place(at: int) -> str:
        return block.row(int(rows[at]))

    time_type = types[str(spec.time.column)]
    read_as = TimeColumn(spec.time, spec.time.timezone)
    listed = time_lists.flatten()
    values = convert(listed, time_type, None, times, block.file, place, time=read_as)
    happened = to_epoch_ms(values, spec.time)
    if (happened == MISSING_INTEGER).any():
        at = int(np.flatnonzero(happened == MISSING_INTEGER)[0])
        raise DataError(
            f"{block.file}: {place(at)} has a time {values[at].as_py()!r} "
            f"in {times!r}, which is no time in {spec.time.said()}; correct the row"
        )
    return np.asarray(happened, np.int64)
