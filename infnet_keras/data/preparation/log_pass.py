"""The first pass: stream the log, check it, put its rows aside by user."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.history.events import TEXT, TIME, USER, user_column
from infnet_keras.data.history.instant_counts import InstantCounts
from infnet_keras.data.history.labels import column_labels, wrong_label
from infnet_keras.data.preparation.rows_without_user import check_users, rows_with_user
from infnet_keras.data.preparation.spill import Spill, partition_numbers
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.ready_made import ready_made
from infnet_keras.data.raw.sources import RawFiles, file_name
from infnet_keras.data.raw.values.as_numpy import as_numpy
from infnet_keras.data.raw.values.row_text import row_text
from infnet_keras.data.raw.values.time_column import spelling_hint
from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.clock import to_epoch_ms
from infnet_keras.progress import Progress
from infnet_keras.spec import Condition, ConditionError, FeatureSpec, Task, Time

_LATEST = 4_102_444_800_000  # 2100-01-01, the last day that the local clocks know


class RowsRead(NamedTuple):
    """How many rows a log has, and how many of them name no user and are left out."""

    rows: int
    without_user: int


def spill_log(
    spec: FeatureSpec,
    plan: ColumnPlan,
    spill: Spill,
    progress: Progress,
    counts: InstantCounts | None = None,
) -> RowsRead:
    """Put the log's rows aside, as `log_rows` makes them.

    Args:
        spec: what is read.
        plan: where columns come from.
        spill: where the rows go to.
        progress: shows how far it is.
        counts: of the rows by instant, to be added to.

    Raises:
        DataError: a value cannot be what it must be; names file, column and value or row.
    """
    rows = kept = 0
    files = plan.files[spec.log_source]
    # The total is an estimate from the sizes of files.
    with progress.phase("reading the log", files.estimated_rows(), "rows or so") as phase:
        for block in files.blocks(log_columns(spec, plan)):
            table = log_rows(spec, plan, block, rows)
            spill.add(table, partition_numbers(table[user_column(spec)], spill.partitions))
            if counts is not None:
                counts.add(table[TIME].to_numpy())
            rows += block.table.num_rows
            kept += table.num_rows
            phase.advance(rows)
        spill.finish()
    check_rows(spec, plan, rows, rows - kept)
    return RowsRead(rows, rows - kept)


def log_columns(spec: FeatureSpec, plan: ColumnPlan) -> list[str] | None:
    """The columns of the log to read; None for all of them, which tell repeats apart."""
    log = spec.log_source
    return None if spec.sources[log].deduplicate else plan.columns[log]


def log_rows(spec: FeatureSpec, plan: ColumnPlan, block: Block, first_number: int) -> pa.Table:
    """A block of the log, checked and in the plan's types.

    Args:
        spec: what is read.
        plan: of which types.
        block: rows of one file.
        first_number: of its first row, where rows in order take the place of a time.

    Returns:
        The log's columns, its time in milliseconds (or the row's number) as `TIME`, its
        ready-made histories, where repeats are dropped all columns of the row in one `TEXT`, and,
        where the log names no user, the row's number as `USER`. Where it does, a row whose user is
        missing is left out.

    Raises:
        DataError: a value cannot be what it must be; names file, column and value or row.
    """
    files = plan.files[spec.log_source]
    columns = {
        name: converted(files, block, name, name, plan)
        for name in plan.columns[spec.log_source]
        if name not in plan.cells
    }
    if spec.keys.user is None:
        columns[USER] = row_numbers(block, first_number)
    for task in spec.tasks.values():
        _check_label(block, task, columns)
    times = None
    if spec.time.column is None:
        columns[TIME] = row_numbers(block, first_number)
    else:
        times = instants(block, spec.time, columns[spec.time.column])
        columns[TIME] = pa.array(times)
    for name, sequence in spec.sequences.items():
        if sequence.column is not None:
            columns |= ready_made(block, spec, name, plan.types, times)
    if spec.sources[spec.log_source].deduplicate:
        columns[TEXT] = row_text(block.table)
    return rows_with_user(pa.table(columns), user_column(spec))


def check_rows(spec: FeatureSpec, plan: ColumnPlan, rows: int, without_user: int) -> None:
    """Raise DataError if the log has no row, or hardly one that names its user."""
    if rows == 0:
        names = ", ".join(map(file_name, plan.files[spec.log_source].files))
        raise DataError(f"the log is empty: {names} of source {spec.log_source!r} hold no row")
    check_users(spec, rows, without_user)


def row_numbers(block: Block, first: int) -> pa.Array:
    """Numbers of a block's rows, from that of its first one."""
    return pa.array(np.arange(first, first + block.table.num_rows))


def converted(files: RawFiles, block: Block, column: str, name: str, plan: ColumnPlan) -> pa.Array:
    """A column of a block in the plan's type.

    Args:
        files: of the block's source.
        block: rows of a file.
        column: what the file calls it.
        name: what the log of impressions calls it.
        plan: with its type.
    """
    return files.values(
        block,
        column,
        plan.types[name],
        plan.separators.get(name),
        plan.reasons.get(name),
        plan.times.get(name),
        name in plan.compared,
    )


def _check_label(block: Block, task: Task, columns: dict[str, pa.Array]) -> None:
    """A wrong label is found here, where its row is known, unless another source decides on it.

    Rows outside the task's mask may hold anything; if the label or the mask reads what only a
    joined source has, labels are checked when that is known.
    """
    if task.condition is not None or not task.label_columns:
        return
    (column,) = task.label_columns
    if column not in columns:
        return
    values = as_numpy(columns[column])
    wrong = column_labels(task, {column: values}).wrong
    if not wrong.any():
        return
    if task.mask is not None:
        mask = Condition.parse(task.mask)
        if not set(mask.columns) <= columns.keys():
            return
        try:
            wrong &= mask.evaluate({name: as_numpy(columns[name]) for name in mask.columns})
        except ConditionError:
            return  # said when the partition is opened
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        said = wrong_label(task, column, values[row])
        raise DataError(f"{block.file}: {said} ({block.row(row)})")


def instants(block: Block, time: Time, values: pa.Array) -> npt.NDArray[np.int64]:
    """The times of a block's rows, in milliseconds since 1970.

    Raises:
        DataError: one is missing, or no time that the local clocks know.
    """
    found = to_epoch_ms(values, time)
    outside = (found == MISSING_INTEGER) | (found > _LATEST) | (found < 0)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        value = values[row].as_py()
        where = f"{block.file}: the time {time.column!r}"
        if value is None:
            raise DataError(f"{where} is missing in {block.row(row)}; give every row its time")
        spelling = _spelling(time, values)
        hint = spelling_hint(value)
        known = hint is None or (hint == "`unit: iso8601`" and spelling != time.said())
        remedy = "the log's `time` in the spec" if known else f"say {hint} for it"
        raise DataError(
            f"{where} holds {value!r} in {block.row(row)}, which is no time from 1970 to 2100 in "
            f"{spelling}; correct the row, or {remedy}"
        )
    return found


def _spelling(time: Time, values: pa.Array) -> str:
    if time.unit is None and time.format is None and pa.types.is_string(values.type):
        return "the spellings that need no `unit` or `format` (2024-01-31 23:59:59 and the like)"
    return time.said()
