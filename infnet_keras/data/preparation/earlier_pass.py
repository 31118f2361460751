"""Events that are no impressions: from before the log, and of other logs."""

from collections.abc import Iterator
from glob import escape
from pathlib import Path

import numpy as np
import pyarrow as pa

from infnet_keras.data.history.events import FIRST_OTHER, HISTORY, SOURCE, TIME
from infnet_keras.data.preparation.log_pass import converted, instants, row_numbers
from infnet_keras.data.preparation.rows_without_user import event_source_name, rows_with_user
from infnet_keras.data.preparation.spill import Spill, partition_numbers
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.files.storage import Storage
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.data.raw.values.time_column import TimeColumn, check_times
from infnet_keras.errors import DataError
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import Source

_ORDER = "pos"


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


def earlier_files(
    spec: FeatureSpec, plan: ColumnPlan, history: RawFiles | None
) -> dict[int, RawFiles]:
    """The files of every kind of earlier event, by the number that stands as `SOURCE`."""
    found = {} if history is None else {HISTORY: history}
    for number, name in enumerate(spec.event_sources, FIRST_OTHER):
        found[number] = plan.files[name]
    return found


def spill_earlier(
    spec: FeatureSpec,
    plan: ColumnPlan,
    history: RawFiles | None,
    spill: Spill,
    progress: Progress,
) -> dict[str, int]:
    """Put events from before the log, and of other logs, aside, as `earlier_rows` makes them.

    Returns:
        For each source of them, rows that name no user and are left out.

    Raises:
        DataError: a file has no user or item, or a value cannot be what it must be.
    """
    without_user: dict[str, int] = {}
    for source, files in earlier_files(spec, plan, history).items():
        rows = kept = 0
        name, total = event_source_name(spec, source), files.estimated_rows()
        with progress.phase(f"reading {name}", total, "rows or so") as phase:
            for block in files.blocks(earlier_columns(spec, plan, source, files)):
                table = earlier_rows(spec, plan, source, block, rows)
                spill.add(table, partition_numbers(table[str(spec.keys.user)], spill.partitions))
                rows += block.table.num_rows
                kept += table.num_rows
                phase.advance(rows)
        without_user[name] = rows - kept
    spill.finish()
    return without_user


def earlier_columns(spec: FeatureSpec, plan: ColumnPlan, source: int, files: RawFiles) -> list[str]:
    """What to read of a file of earlier events: what it has of the log's columns, and its order.

    Args:
        spec: what is prepared.
        plan: where columns come from.
        source: what kind of events, as in `earlier_files`.
        files: where they are.

    Raises:
        DataError: the file of events from before the log has no user or item, or the log names
            no user.
    """
    if source != HISTORY:
        name = spec.event_sources[source - FIRST_OTHER]
        time = spec.sources[name].time
        assert time is not None  # the spec's checks ask for it
        return list(dict.fromkeys([*plan.events[name].values(), str(time.column)]))
    if spec.keys.user is None:
        raise DataError("a history is a user's, and `keys` names no user: drop `--history`")
    present = files.types()
    for key in (spec.keys.user, spec.keys.item):
        if key not in present:
            raise DataError(f"{files.files[0]}: a history needs the key column {key!r}")
    known = [name for name in plan.columns[spec.log_source] if name not in plan.cells]
    return [name for name in (*known, _ORDER) if name in present]


def earlier_rows(
    spec: FeatureSpec, plan: ColumnPlan, source: int, block: Block, first_number: int
) -> pa.Table:
    """A block of earlier events, in the plan's types, under the log's names of columns.

    Args:
        spec: what is prepared.
        plan: of which types.
        source: what kind of events; it stands as `SOURCE`.
        block: rows of one file.
        first_number: of its first row.

    Returns:
        Every column of an event, of which those that the file does not have are missing values;
        as `TIME` the order of events from before the log (the column `pos`, or else the order of
        the rows), of others milliseconds since 1970. All blocks have the same columns. A row whose
        user is missing is left out.

    Raises:
        DataError: a value cannot be what it must be.
    """
    other = source != HISTORY
    files = plan.files[spec.event_sources[source - FIRST_OTHER] if other else spec.log_source]
    names = dict(_names(spec, plan, source))
    user = str(spec.keys.user)
    columns: dict[str, pa.Array] = {}
    for name in _event_columns(spec, plan):
        if name in names and names[name] in block.table.column_names:
            columns[name] = converted(files, block, names[name], name, plan)
        else:
            columns[name] = pa.nulls(block.table.num_rows, plan.arrow_type(name))
    columns[TIME] = _times(spec, plan, source, block, first_number)
    columns[SOURCE] = pa.array(np.full(block.table.num_rows, source, np.int8))
    return rows_with_user(pa.table(columns), user)


def _times(
    spec: FeatureSpec, plan: ColumnPlan, source: int, block: Block, first_number: int
) -> pa.Array:
    if source != HISTORY:
        time = spec.sources[spec.event_sources[source - FIRST_OTHER]].time
        assert time is not None  # the spec's checks ask for it
        column = str(time.column)
        name = spec.event_sources[source - FIRST_OTHER]
        read_as = TimeColumn(time, time.timezone)
        values = plan.files[name].values(block, column, plan.event_times[name], None, None, read_as)
        found = instants(block, time, values)
        check_times((int(found.min()), int(found.max())), time, block.file)
        return pa.array(found)
    if _ORDER not in block.table.column_names:
        return row_numbers(block, first_number)
    order = convert(block.table[_ORDER], "int64", None, _ORDER, block.file)
    if order.null_count:
        raise DataError(f"{block.file}: column {_ORDER!r} has missing values")
    return order


def _names(spec: FeatureSpec, plan: ColumnPlan, source: int) -> Iterator[tuple[str, str]]:
    """The log's columns with what the file calls them."""
    if source != HISTORY:
        yield from plan.events[spec.event_sources[source - FIRST_OTHER]].items()
        return
    for name in plan.columns[spec.log_source]:
        yield name, name


def _event_columns(spec: FeatureSpec, plan: ColumnPlan) -> list[str]:
    """The columns of an event that are not looked up."""
    return [
        name
        for name, owner in plan.owner.items()
        if owner not in plan.joins and name not in plan.cells
    ]
