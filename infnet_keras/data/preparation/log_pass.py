"""The first pass: stream the log, check it, put its rows aside by user."""

from glob import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.history.events import TEXT, TIME
from infnet_keras.data.preparation.spill import Spill, partition_numbers
from infnet_keras.data.raw.block import Block
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.conversion import convert
from infnet_keras.data.raw.ready_made import ready_made
from infnet_keras.data.raw.row_text import row_text
from infnet_keras.data.raw.sources import RawFiles, file_name
from infnet_keras.data.raw.storage import Storage
from infnet_keras.data.raw.time_column import spelling_hint
from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.clock import to_epoch_ms
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import Source, Time

_ORDER = "pos"
_LATEST = 4_102_444_800_000  # 2100-01-01, the last day that the local clocks know


def spill_log(spec: FeatureSpec, plan: ColumnPlan, spill: Spill) -> int:
    """Put the log's rows aside, as `log_rows` makes them.

    Returns:
        How many rows the log has.

    Raises:
        DataError: a value cannot be what it must be; names file, column and value or row.
    """
    rows = 0
    for block in plan.files[spec.log_source].blocks(log_columns(spec, plan)):
        table = log_rows(spec, plan, block, rows)
        spill.add(table, partition_numbers(table[spec.keys.user], spill.partitions))
        rows += table.num_rows
    spill.finish()
    check_rows(spec, plan, rows)
    return rows


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
        The log's columns, its time in milliseconds (or the row's number) as `:time`, its
        ready-made histories, and, where repeats are dropped, all columns of the row in one `:text`.

    Raises:
        DataError: a value cannot be what it must be; names file, column and value or row.
    """
    columns = {
        name: _converted(plan.files[spec.log_source], block, name, plan)
        for name in plan.columns[spec.log_source]
        if name not in plan.cells
    }
    _check_users(block, spec.keys.user, columns)
    for label in {task.label for task in spec.tasks.values()}:
        _check_label(block, label, columns[label])
    instants = None
    if spec.time.column is None:
        columns[TIME] = _numbers(block, first_number)
    else:
        instants = _instants(block, spec, columns[spec.time.column])
        columns[TIME] = pa.array(instants)
    for name, sequence in spec.sequences.items():
        if sequence.column is not None:
            columns |= ready_made(block, spec, name, plan.types, instants)
    if spec.sources[spec.log_source].deduplicate:
        columns[TEXT] = row_text(block.table)
    return pa.table(columns)


def check_rows(spec: FeatureSpec, plan: ColumnPlan, rows: int) -> None:
    """Raise DataError if the log has no row."""
    if rows == 0:
        names = ", ".join(map(file_name, plan.files[spec.log_source].files))
        raise DataError(f"the log is empty: {names} of source {spec.log_source!r} hold no row")


def history_files(history: Path | str, storage: Storage | None = None) -> RawFiles:
    """The file of earlier events, as a source.

    Args:
        history: the file, a path or whatever `storage` knows.
        storage: where it lies; None for this machine's file system.

    Raises:
        DataError: it is not there.
    """
    directory, _, name = str(history).rpartition("/")
    if str(history).startswith("/"):
        directory = directory or "/"
    try:
        return RawFiles("history", directory or ".", Source(files=escape(name)), storage)
    except (DataError, ValueError):
        raise DataError(f"the history {history} is no file; correct `--history`") from None


def spill_history(spec: FeatureSpec, plan: ColumnPlan, files: RawFiles, spill: Spill) -> None:
    """Put events from before the log aside, as `history_rows` makes them.

    Raises:
        DataError: the file has no user or item, or a value cannot be what it must be.
    """
    rows = 0
    columns = history_columns(spec, plan, files)
    for block in files.blocks(columns):
        table = history_rows(spec, plan, block, rows)
        spill.add(table, partition_numbers(table[spec.keys.user], spill.partitions))
        rows += table.num_rows
    spill.finish()


def history_columns(spec: FeatureSpec, plan: ColumnPlan, files: RawFiles) -> list[str]:
    """What to read of the file of earlier events: the columns of the log that it has, its order.

    Raises:
        DataError: the file has no user or item.
    """
    present = files.types()
    for key in (spec.keys.user, spec.keys.item):
        if key not in present:
            raise DataError(f"{files.files[0]}: a history needs the key column {key!r}")
    known = [name for name in plan.columns[spec.log_source] if name not in plan.cells]
    return [name for name in (*known, _ORDER) if name in present]


def history_rows(spec: FeatureSpec, plan: ColumnPlan, block: Block, first_number: int) -> pa.Table:
    """A block of earlier events, in the plan's types, with their order as `:time`.

    Their order is the column `pos`, or else the order of the rows. Columns of the log that the
    file does not have are missing values there.

    Raises:
        DataError: a value cannot be what it must be.
    """
    present = block.table.column_names
    columns = {
        name: _converted(plan.files[spec.log_source], block, name, plan)
        for name in plan.columns[spec.log_source]
        if name in present
    }
    _check_users(block, spec.keys.user, columns)
    columns[TIME] = _numbers(block, first_number)
    if _ORDER in present:
        columns[TIME] = convert(block.table[_ORDER], "int64", None, _ORDER, block.file)
        if columns[TIME].null_count:
            raise DataError(f"{block.file}: column {_ORDER!r} has missing values")
    return pa.table(columns)


def _numbers(block: Block, first: int) -> pa.Array:
    return pa.array(np.arange(first, first + block.table.num_rows))


def _converted(files: RawFiles, block: Block, column: str, plan: ColumnPlan) -> pa.Array:
    return files.values(
        block,
        column,
        plan.types[column],
        plan.separators.get(column),
        plan.reasons.get(column),
        plan.times.get(column),
    )


def _check_users(block: Block, column: str, columns: dict[str, pa.Array]) -> None:
    if columns[column].null_count:
        row = pc.index(columns[column].is_null(), True).as_py()
        raise DataError(
            f"{block.file}: {column!r} is missing in {block.row(row)}; give every event its user"
        )


def _check_label(block: Block, column: str, values: pa.Array) -> None:
    if pa.types.is_string(values.type):
        wrong = values.drop_null()
    else:
        allowed = pa.array([0, 1], values.type)
        wrong = pc.filter(values, pc.invert(pc.is_in(values, value_set=allowed))).drop_null()
    if len(wrong):
        raise DataError(
            f"{block.file}: label {column!r} holds {wrong[0].as_py()!r}; a label is 0, 1 or missing"
        )


def _instants(block: Block, spec: FeatureSpec, values: pa.Array) -> npt.NDArray[np.int64]:
    instants = to_epoch_ms(values, spec.time)
    outside = (instants == MISSING_INTEGER) | (instants > _LATEST) | (instants < 0)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        value = values[row].as_py()
        said = "is missing" if value is None else f"holds {value!r}"
        hint = None if value is None else spelling_hint(value)
        remedy = "the log's `time` in the spec" if hint is None else f"say {hint} for it"
        raise DataError(
            f"{block.file}: the time {spec.time.column!r} {said} in {block.row(row)}, which is "
            f"no time from 1970 to 2100 in {_spelling(spec.time, values)}; correct the row, or "
            f"{remedy}"
        )
    return instants


def _spelling(time: Time, values: pa.Array) -> str:
    if time.unit is None and time.format is None and pa.types.is_string(values.type):
        return "the spellings that need no `unit` or `format` (2024-01-31 23:59:59 and the like)"
    return time.said()
