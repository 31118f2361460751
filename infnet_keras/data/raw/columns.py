"""Which raw columns a spec needs, which source has each, and of what type it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infnet_keras.data.raw.column_names import nearest_column
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.data.raw.storage import Storage
from infnet_keras.data.raw.time_column import TimeColumn, time_columns, time_type
from infnet_keras.errors import DataError
from infnet_keras.spec import Condition, FeatureSpec
from infnet_keras.spec.sources import ColumnType


def needed_columns(spec: FeatureSpec) -> dict[str, str]:
    """Every raw column that a spec reads, joins aside, with what reads it (for errors)."""
    needed = {spec.keys.user: "keys.user", spec.keys.item: "keys.item"}
    if spec.time.column is not None:
        needed[spec.time.column] = "the log's time"
    for name, field in spec.fields.items():
        reads = spec.field_reads(name)
        if field.derivation is not None and field.derivation.shared_by is not None:
            reads = (*reads, field.derivation.shared_by)
        for column in reads:
            needed.setdefault(column, f"field {name}")
    for name, sequence in spec.sequences.items():
        for column in sequence.attributes:
            needed.setdefault(column, f"sequence {name}")
        if sequence.when is not None:
            for column in Condition.parse(sequence.when).columns:
                needed.setdefault(column, f"`when` of sequence {name}")
    for name, task in spec.tasks.items():
        needed.setdefault(task.label, f"the label of task {name}")
        if task.mask is not None:
            for column in Condition.parse(task.mask).columns:
                needed.setdefault(column, f"the mask of task {name}")
    return needed


def history_cells(spec: FeatureSpec) -> dict[str, str]:
    """Columns of the log whose cells are ready-made histories, or their times, with whose."""
    return {
        cell: f"the history of sequence {name}"
        for name, sequence in spec.sequences.items()
        for cell in (sequence.column, sequence.times)
        if cell is not None
    }


@dataclass(frozen=True)
class ColumnPlan:
    """Where each needed column is read and what type it has.

    Attributes:
        files: raw files of the log and of every source that some needed column comes from.
        columns: what to read of each of those sources, join keys included.
        owner: the source that each column is taken from; the log comes first, then the spec's
            order decides.
        types: the type of each column, declared or inferred from the beginnings of its files.
        reasons: of the columns whose type nobody declares, what of the files says it.
        joins: the sources to look up, in the spec's order, with their key.
        separators: of columns whose values are split.
        times: how columns of times and dates are read.
        cells: columns of the log that hold ready-made histories and are read as nothing else.
    """

    files: dict[str, RawFiles]
    columns: dict[str, list[str]]
    owner: dict[str, str]
    types: dict[str, ColumnType]
    reasons: dict[str, str]
    joins: dict[str, str]
    separators: dict[str, str]
    times: Mapping[str, TimeColumn]
    cells: frozenset[str]

    @classmethod
    def of(cls, spec: FeatureSpec, raw: Path | str, storage: Storage | None = None) -> "ColumnPlan":
        """Look at the raw files' headers and plan.

        Args:
            spec: what is needed.
            raw: directory of the raw files.
            storage: where it lies; None for this machine's file system.

        Raises:
            DataError: files or columns are missing, or a key has a type that no key can have.
        """
        order = [spec.log_source, *(n for n in spec.sources if n != spec.log_source)]
        files = {name: RawFiles(name, raw, spec.sources[name], storage) for name in order}
        headers = {name: files[name].types() for name in order}
        for name in order:
            for column in spec.sources[name].types:
                if column not in headers[name]:
                    raise DataError(
                        f"source {name!r} declares a type for {column!r}, which its files do not "
                        f"have; {nearest_column(column, headers[name])}"
                    )
        needed = {**history_cells(spec), **needed_columns(spec)}
        owner = {c: _owner(c, why, order, headers) for c, why in needed.items()}
        log_only = {spec.keys.user: "keys.user", spec.keys.item: "keys.item"}
        log_only |= {task.label: f"the label of task {n}" for n, task in spec.tasks.items()}
        if spec.time.column is not None:
            log_only[spec.time.column] = "the log's time"
        log_only |= history_cells(spec)
        for column, why in log_only.items():
            if column not in headers[spec.log_source]:
                raise DataError(
                    f"the log, source {spec.log_source!r}, has no column {column!r}, {why}; "
                    f"{nearest_column(column, headers[spec.log_source])}"
                )
        for name in reversed(order[1:]):
            if name in owner.values():
                key = str(spec.sources[name].join)
                if key not in headers[name]:
                    raise DataError(
                        f"source {name!r} has no column {key!r}, its `join`; "
                        f"{nearest_column(key, headers[name])}"
                    )
                before = order[: order.index(name)]
                owner[key] = _owner(key, f"the join of source {name!r}", before, headers)
        joins = {n: str(spec.sources[n].join) for n in order[1:] if n in owner.values()}
        columns = {n: [c for c in owner if owner[c] == n] for n in (spec.log_source, *joins)}
        for name, key in joins.items():
            columns[name] = list(dict.fromkeys([key, *columns[name]]))
        separators = {
            column: separator
            for table in spec.table_columns.values()
            for column, separator in table.items()
            if separator is not None
        }
        declared = {c: _declared_type(spec, c, owner[c], separators) for c in owner}
        types = {c: found or headers[owner[c]][c] for c, found in declared.items()}
        times = time_columns(spec)
        for column, time in times.items():
            stored = files[owner[column]].stored_type(column)
            types[column] = time_type(time, declared[column], types[column], stored)
        reasons = {c: files[owner[c]].reason(c) for c in owner if declared[c] is None}
        for column in {spec.keys.user, spec.keys.item, *joins.values()}:
            if types[column] == "float32":
                raise DataError(
                    f"column {column!r} is a key and looks like a fraction; declare `types: "
                    f"{{{column}: int64}}` (or string, which keeps ids of any length) for source "
                    f"{owner[column]!r}"
                )
        kept = {name: files[name] for name in columns}
        _check_looked_up(spec, owner, joins)
        cells = frozenset(history_cells(spec).keys() - needed_columns(spec).keys())
        return cls(kept, columns, owner, types, reasons, joins, separators, times, cells)


def _check_looked_up(spec: FeatureSpec, owner: dict[str, str], joins: dict[str, str]) -> None:
    """The attributes of a ready-made history come from sources joined by its items."""
    for name, sequence in spec.sequences.items():
        if sequence.column is None:
            continue
        element = spec.history_element(name)
        for column in sequence.attributes:
            if column != element and joins.get(owner[column]) != element:
                raise DataError(
                    f"sequence {name!r} looks {column!r} up for each {element!r} of its history, "
                    f"and source {owner[column]!r}, which has it, is not joined by {element!r}: "
                    f"give {column!r} in a source with `join: {element}` alone, or drop it"
                )


def _owner(
    column: str, why: str, order: list[str], headers: dict[str, dict[str, ColumnType]]
) -> str:
    for name in order:
        if column in headers[name]:
            return name
    everything = [known for name in order for known in headers[name]]
    raise DataError(
        f"no source has a column {column!r} ({why}); {nearest_column(column, everything)}"
    )


def _declared_type(
    spec: FeatureSpec,
    column: str,
    owner: str,
    separators: dict[str, str],
) -> ColumnType | None:
    declaring = [owner, *(n for n, source in spec.sources.items() if source.join == column)]
    declared = {spec.sources[n].types[column] for n in declaring if column in spec.sources[n].types}
    if len(declared) > 1:
        raise DataError(
            f"sources {', '.join(declaring)} declare different types for their key {column!r}; "
            "declare one"
        )
    if declared:
        return declared.pop()
    if column in separators:
        return "string"
    return None
