"""Histories that stand ready made in the cells of a log."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.list_cells import collected, lengths_of, list_cells, rows_of
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.data.raw.values.time_column import TimeColumn, check_times
from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.clock import to_epoch_ms
from infnet_keras.spec import FeatureSpec, Sequence, Time
from infnet_keras.spec.sequences import HistoryTimes
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
        types: of the columns that elements are values of.
        instants: int64 [rows], when each impression happened; None for a log without time.

    Returns:
        By column name, lists of elements, oldest first, the latest `length`; where the history has
        times, also int32 [rows], how many elements were not strictly before the impression.

    Raises:
        DataError: a cell is no history; names file, row or value.
    """
    declared = spec.sequences[sequence]
    element, key = spec.history_element(sequence), f"sequences.{sequence}"
    column, times = str(declared.column), declared.times_column
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
        happened = _times(block, spec.time, declared, lists)
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


def _times(block: Block, log: Time, sequence: Sequence, lists: pa.ListArray) -> Instants:
    """When each element happened, int64 [elements], milliseconds."""
    column, times = str(sequence.column), str(sequence.times_column)
    time_lists = list_cells(block, times, sequence.separator, "sequences", drop_empty=False)
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

    listed = time_lists.flatten()
    spelt = log.model_copy(update={"column": times})
    if isinstance(sequence.times, HistoryTimes):
        spelt = spelt.model_copy(update=sequence.times.model_dump())
    elif pa.types.is_temporal(listed.type):  # its own type tells, whatever the log's time is
        spelt = Time(column=times, timezone=log.timezone)
    is_count = pa.types.is_integer(listed.type) or pa.types.is_temporal(listed.type)
    time_type: ColumnType = "int64" if is_count and not spelt.is_text else "string"
    read_as = TimeColumn(spelt, log.timezone)
    values = convert(listed, time_type, None, times, block.file, place, time=read_as)
    happened = to_epoch_ms(values, spelt)
    if (happened == MISSING_INTEGER).any():
        at = int(np.flatnonzero(happened == MISSING_INTEGER)[0])
        value = values[at].as_py()
        said = "lacks a time" if value is None else f"has a time {value!r}"
        raise DataError(
            f"{block.file}: {place(at)} {said} in {times!r}, and times are read in {spelt.said()}; "
            "correct the row, or say how they are spelt: `times: {column, unit or format}`"
        )
    if len(happened):
        of = f"the histories in {block.file}"
        check_times((int(happened.min()), int(happened.max())), spelt, of)
    return np.asarray(happened, np.int64)
