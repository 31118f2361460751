"""The first pass: stream the log, check it, put its rows aside by user."""

from glob import escape
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.columns import ColumnPlan
from infnet_keras.data.conversion import convert
from infnet_keras.data.events import TEXT, TIME
from infnet_keras.data.sources import Block, RawFiles
from infnet_keras.data.spill import Spill, partition_numbers
from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.clock import to_epoch_ms
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import Source

_ORDER = "pos"
_LATEST = 4_102_444_800_000  # 2100-01-01, the last day that the local clocks know


def spill_log(spec: FeatureSpec, plan: ColumnPlan, spill: Spill) -> int:
    """Put the log's rows aside, with their time in milliseconds (or their number) as `:time`.

    Returns:
        How many rows the log has.

    Raises:
        DataError: a value cannot be what it must be; names file, column and value or row.
    """
    log = spec.log_source
    deduplicate = spec.sources[log].deduplicate
    labels = {task.label for task in spec.tasks.values()}
    rows = 0
    for block in plan.files[log].blocks(None if deduplicate else plan.columns[log]):
        columns = {name: _converted(block, name, plan) for name in plan.columns[log]}
        _check_users(block, spec.keys.user, columns)
        for label in labels:
            _check_label(block, label, columns[label])
        if spec.time.column is None:
            columns[TIME] = pa.array(np.arange(rows, rows + block.table.num_rows))
        else:
            columns[TIME] = pa.array(_instants(block, spec, columns[spec.time.column]))
        if deduplicate:
            columns[TEXT] = _row_text(block.table)
        spill.add(pa.table(columns), partition_numbers(columns[spec.keys.user], spill.partitions))
        rows += block.table.num_rows
    spill.finish()
    if rows == 0:
        names = ", ".join(file.name for file in plan.files[log].files)
        raise DataError(f"the log is empty: {names} of source {log!r} hold no row")
    return rows


def history_files(history: Path) -> RawFiles:
    """The file of earlier events, as a source.

    Raises:
        DataError: it is not there.
    """
    if not history.is_file():
        raise DataError(f"the history {history} is no file; correct `--history`")
    return RawFiles("history", history.parent, Source(files=escape(history.name)))


def spill_history(spec: FeatureSpec, plan: ColumnPlan, files: RawFiles, spill: Spill) -> None:
    """Put events from before the log aside, with their order as `:time`.

    Their order is the column `pos`, or else the order of the rows. Columns of the log that the
    file does not have are missing values there.

    Raises:
        DataError: the file has no user or item, or a value cannot be what it must be.
    """
    present = files.types()
    for key in (spec.keys.user, spec.keys.item):
        if key not in present:
            raise DataError(f"{files.files[0]}: a history needs the key column {key!r}")
    columns = [name for name in plan.columns[spec.log_source] if name in present]
    ordered = _ORDER in present
    rows = 0
    for block in files.blocks([*columns, *([_ORDER] if ordered else [])]):
        converted = {name: _converted(block, name, plan) for name in columns}
        _check_users(block, spec.keys.user, converted)
        if ordered:
            order = convert(block.table[_ORDER], "int64", None, _ORDER, str(block.file))
            if order.null_count:
                raise DataError(f"{block.file}: column {_ORDER!r} has missing values")
            converted[TIME] = order
        else:
            converted[TIME] = pa.array(np.arange(rows, rows + block.table.num_rows))
        spill.add(
            pa.table(converted), partition_numbers(converted[spec.keys.user], spill.partitions)
        )
        rows += block.table.num_rows
    spill.finish()


def _converted(block: Block, column: str, plan: ColumnPlan) -> pa.Array:
    return convert(
        block.table[column],
        plan.types[column],
        plan.separators.get(column),
        column,
        str(block.file),
    )


def _check_users(block: Block, column: str, columns: dict[str, pa.Array]) -> None:
    if columns[column].null_count:
        row = pc.index(columns[column].is_null(), True).as_py()
        raise DataError(
            f"{block.file}: {column!r} is missing in {_row(block, row)}; give every event its user"
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
        raise DataError(
            f"{block.file}: the time {spec.time.column!r} {said} in {_row(block, row)}, which is "
            f"no time from 1970 to 2100 in unit {spec.time.unit}; correct the row, or the log's "
            "`time` in the spec"
        )
    return instants


def _row(block: Block, row: int) -> str:
    return f"row {block.first_row + row + 1}"


def _row_text(table: pa.Table) -> pa.Array:
    """All columns of each row in one string."""
    text = pa.large_string()
    columns = (table[name].combine_chunks() for name in sorted(table.column_names))
    return pc.binary_join_element_wise(
        *(pc.cast(column, text) for column in columns),
        pa.scalar("\x1f", text),
        null_handling="replace",
    )
