"""Which raw columns a spec needs, which source has each, and of what type it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from infnet_keras.data.raw.files.column_names import nearest_column
from infnet_keras.data.raw.files.storage import Storage
from infnet_keras.data.raw.needed_columns import (
    compared_columns,
    event_columns,
    impression_columns,
    other_log_columns,
)
from infnet_keras.data.raw.sources import RawFiles
from infnet_keras.data.raw.values.conversion import arrow_type
from infnet_keras.data.raw.values.time_column import TimeColumn, time_columns, time_type
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.sequences import TIME_GAP
from infnet_keras.spec.sources import ColumnType

Headers = dict[str, dict[str, ColumnType]]


def history_cells(spec: FeatureSpec) -> dict[str, str]:
    """Columns of the log whose cells are ready-made histories, or their times, with whose."""
    return {
        cell: f"the history of sequence {name}"
        for name, sequence in spec.sequences.items()
        for cell in (sequence.column, sequence.times_column)
        if cell is not None
    }


@dataclass(frozen=True)
class ColumnPlan:
    """Where each needed column is read and what type it has.

    Attributes:
        files: raw files of the log, of every source that some needed column comes from and of the
            other logs.
        columns: what to read of the log and of each joined source, its own keys aside.
        owner: the source that each column is taken from; the log comes first, then the spec's
            order decides, then the logs of earlier events.
        types: the type of each column, declared or inferred from the beginnings of its files.
        reasons: of the columns whose type nobody declares, what of the files says it.
        joins: the sources to look up, in the spec's order: the log's key columns, each with the
            source's.
        labels: the same of the logs that labels are found in.
        label_types: of these logs, the columns that conditions read there.
        events: of the logs of earlier events, the log's columns that they have, each with theirs.
        event_times: of these logs, the type of their time.
        separators: of columns whose values are split.
        times: how columns of times and dates are read.
        cells: columns of the log that hold ready-made histories and are read as nothing else.
        compared: columns that conditions and labels read: their numbers are kept exact.
    """

    files: dict[str, RawFiles]
    columns: dict[str, list[str]]
    owner: dict[str, str]
    types: dict[str, ColumnType]
    reasons: dict[str, str]
    joins: dict[str, dict[str, str]]
    labels: dict[str, dict[str, str]]
    label_types: dict[str, dict[str, ColumnType]]
    events: dict[str, dict[str, str]]
    event_times: dict[str, ColumnType]
    separators: dict[str, str]
    times: Mapping[str, TimeColumn]
    cells: frozenset[str]
    compared: frozenset[str]

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
        log = spec.log_source
        files = {
            name: RawFiles(name, raw, source, storage) for name, source in spec.sources.items()
        }
        headers: Headers = {name: of_source.types() for name, of_source in files.items()}
        _check_headers(spec, headers)
        order = [log, *spec.joined_sources]
        events = {name: _as_in_the_log(spec, name, headers) for name in spec.event_sources}
        sources = {name: headers[name] for name in order}
        needed = {**history_cells(spec), **impression_columns(spec)}
        packed = any(spec.sources[name].packed is not None for name in order)
        owner = {c: _owner(c, why, sources, packed) for c, why in needed.items()}
        _check_log(spec, headers)
        for name, columns_there in events.items():
            known = {**sources, name: {c: headers[name][t] for c, t in columns_there.items()}}
            for column, why in event_columns(spec, name).items():
                owner.setdefault(column, _owner(column, why, known))
        keys_of = {name: spec.sources[name].keys for name in spec.sources}
        for name in reversed([*spec.joined_sources, *spec.found_in]):
            if name not in owner.values() and name not in spec.found_in:
                continue
            before = order if name in spec.found_in else order[: order.index(name)]
            for ours in keys_of[name]:
                known = {other: headers[other] for other in before}
                owner[ours] = _owner(ours, f"the join of source {name!r}", known)
        joins = {name: keys_of[name] for name in spec.joined_sources if name in owner.values()}
        labels = {name: keys_of[name] for name in spec.found_in}
        columns = {name: [c for c in owner if owner[c] == name] for name in (log, *joins)}
        separators = {
            column: separator
            for table in spec.table_columns.values()
            for column, separator in table.items()
            if separator is not None
        }
        shared = {**joins, **labels, **events}
        times = time_columns(spec)
        for column in owner:
            if "\0" in column:
                raise DataError(
                    f"column {column!r} of source {owner[column]!r} has a NUL byte in its name; "
                    "rename it"
                )
        types: dict[str, ColumnType] = {}
        reasons: dict[str, str] = {}
        for column, source in owner.items():
            there = {source: column}
            there |= {name: join[column] for name, join in shared.items() if column in join}
            declared = _declared_type(spec, column, there, separators)
            types[column] = declared or _inferred_type(spec, column, there, headers)
            if column in times:
                stored = files[source].stored_type(there[source])
                types[column] = time_type(times[column], declared, types[column], stored)
            if declared is None:
                reasons[column] = files[source].reason(there[source])
        keys = {key for join in (*joins.values(), *labels.values()) for key in join}
        keys |= {key for key in (spec.keys.user, spec.keys.item) if key is not None}
        for column in keys:
            if types[column] == "float32":
                raise DataError(
                    f"column {column!r} is a key and looks like a fraction; declare `types: "
                    f"{{{column}: int64}}` (or string, which keeps ids of any length) for source "
                    f"{owner[column]!r}"
                )
        _check_fitted(spec, owner)
        _check_numbers(spec, types, reasons, owner, files)
        events = {
            name: {ours: theirs for ours, theirs in columns_there.items() if ours in owner}
            for name, columns_there in events.items()
        }
        label_types = {
            name: {
                column: spec.sources[name].types.get(column, headers[name][column])
                for column in other_log_columns(spec, name)
            }
            for name in labels
        }
        _check_looked_up(spec, owner, joins)
        return cls(
            files={name: files[name] for name in (*columns, *spec.other_logs)},
            columns=columns,
            owner=owner,
            types=types,
            reasons=reasons,
            joins=joins,
            labels=labels,
            label_types=label_types,
            events=events,
            event_times={name: _event_time(files[name], spec, name) for name in events},
            separators=separators,
            times=times,
            cells=frozenset(history_cells(spec).keys() - impression_columns(spec).keys()),
            compared=compared_columns(spec),
        )

    def arrow_type(self, column: str) -> pa.DataType:
        """What is read of a column, of an event or of a joined source."""
        return arrow_type(self.types[column], column in self.compared)

    def key_types(self, keys: dict[str, str]) -> dict[str, ColumnType]:
        """A source's key columns, each with the type of the column that is looked up in it.

        Args:
            keys: the log's key columns, each with the source's.
        """
        return {theirs: self.types[ours] for ours, theirs in keys.items()}

    def key_reasons(self, keys: dict[str, str]) -> dict[str, str]:
        """What of the files says those types, of the columns whose type nobody declares."""
        return {theirs: self.reasons[ours] for ours, theirs in keys.items() if ours in self.reasons}


def _event_time(files: RawFiles, spec: FeatureSpec, name: str) -> ColumnType:
    """The type of the time of a log of earlier events."""
    source = spec.sources[name]
    assert source.time is not None  # the spec's checks ask for it
    column = str(source.time.column)
    time = TimeColumn(source.time, source.time.timezone)
    declared = source.types.get(column)
    return time_type(time, declared, files.types()[column], files.stored_type(column))


def _check_headers(spec: FeatureSpec, headers: Headers) -> None:
    """Whatever a source itself names is in its files."""
    for name, source in spec.sources.items():
        for column in source.types:
            if column not in headers[name]:
                raise DataError(
                    f"source {name!r} declares a type for {column!r}, which its files do not "
                    f"have; {nearest_column(column, headers[name])}"
                )
    for name in (*spec.joined_sources, *spec.other_logs):
        source = spec.sources[name]
        needed = dict.fromkeys(source.keys.values(), "its `join`")
        if source.time is not None and source.time.column is not None:
            needed[source.time.column] = "its time"
        needed |= dict.fromkeys(other_log_columns(spec, name), "which a label's `when` reads")
        for column, why in needed.items():
            if column not in headers[name]:
                raise DataError(
                    f"source {name!r} has no column {column!r}, {why}; "
                    f"{nearest_column(column, headers[name])}"
                )


def _check_log(spec: FeatureSpec, headers: Headers) -> None:
    """Keys, time and ready-made histories are in the log itself."""
    log = spec.log_source
    log_only = {spec.keys.item: "keys.item"}
    if spec.keys.user is not None:
        log_only[spec.keys.user] = "keys.user"
    if spec.time.column is not None:
        log_only[spec.time.column] = "the log's time"
    log_only |= history_cells(spec)
    for column, why in log_only.items():
        if column not in headers[log]:
            others = [name for name, header in headers.items() if column in header]
            hint = nearest_column(column, headers[log])
            if others:
                hint = f"source {others[0]!r} has it, but the log itself must: name one of its own"
            raise DataError(f"the log, source {log!r}, has no column {column!r}, {why}; {hint}")


def _as_in_the_log(spec: FeatureSpec, name: str, headers: Headers) -> dict[str, str]:
    """Every column of a log of earlier events as the log of impressions calls it.

    Raises:
        DataError: it lacks a column that a history of it needs.
    """
    renamed = {theirs: ours for ours, theirs in spec.sources[name].keys.items()}
    found = {renamed.get(theirs, theirs): theirs for theirs in headers[name]}
    needed = {str(spec.keys.user): "the user whose events these are"}
    for column, why in event_columns(spec, name).items():
        # What a joined source has is looked up for these events as for impressions.
        if not any(column in headers[joined] for joined in spec.joined_sources):
            needed.setdefault(column, why)
    for column, why in needed.items():
        if column not in found:
            raise DataError(
                f"source {name!r} has no column {column!r} ({why}); "
                f"{nearest_column(column, found)} (if it is called otherwise there: join: "
                f"{{{column}: ITS_NAME}})"
            )
    # The time of the log of impressions is no column of these events: they have their own.
    return {ours: theirs for ours, theirs in found.items() if ours != spec.time.column}


def _owner(column: str, why: str, headers: Headers, packed: bool = False) -> str:
    for name, header in headers.items():
        if column in header:
            return name
    everything = [known for header in headers.values() for known in header]
    offered = nearest_column(column, everything)
    if packed:
        offered = (
            f"{nearest(column, everything)} (if it is a packed field that the first rows do not "
            f"hold, name it in `rename` of `packed`: {{{column!r}: NAME}})"
        )
    raise DataError(f"no source has a column {column!r} ({why}); {offered}")


def _declared_type(
    spec: FeatureSpec, column: str, there: dict[str, str], separators: dict[str, str]
) -> ColumnType | None:
    """The one type that is declared for a column; None where nobody declares one.

    Args:
        spec: with the sources.
        column: as the log calls it.
        there: every source that shares it, with what it is called there.
        separators: of columns whose values are split.
    """
    declared = {
        spec.sources[name].types[theirs]
        for name, theirs in there.items()
        if theirs in spec.sources[name].types
    }
    if len(declared) > 1:
        raise DataError(
            f"sources {', '.join(there)} declare different types for their key {column!r}; "
            "declare one"
        )
    if declared:
        return declared.pop()
    if column in separators:
        return "string"
    return None


def _inferred_type(
    spec: FeatureSpec, column: str, there: dict[str, str], headers: Headers
) -> ColumnType:
    """What the files suggest; a key is text if it is text in any of the sources that share it."""
    keys = (spec.keys.user, spec.keys.item)
    inferred = [
        headers[name][theirs]
        for name, theirs in there.items()
        if column in spec.sources[name].keys or column in keys
    ]
    owner, called = next(iter(there.items()))
    return "string" if "string" in inferred else headers[owner][called]


def _check_looked_up(
    spec: FeatureSpec, owner: dict[str, str], joins: dict[str, dict[str, str]]
) -> None:
    """The attributes of a ready-made history come from sources joined by its items."""
    for name, sequence in spec.sequences.items():
        if sequence.column is None:
            continue
        element = spec.history_element(name)
        for column in sequence.attributes:
            if column != element and list(joins.get(owner[column], ())) != [element]:
                raise DataError(
                    f"sequence {name!r} looks {column!r} up for each {element!r} of its history, "
                    f"and source {owner[column]!r}, which has it, is not joined by {element!r}: "
                    f"give {column!r} in a source with `join: {element}` alone, or drop it"
                )


def _check_numbers(
    spec: FeatureSpec,
    types: dict[str, ColumnType],
    reasons: dict[str, str],
    owner: dict[str, str],
    files: dict[str, RawFiles],
) -> None:
    """A table of numbers is not fed what turned out to be text."""
    for name, columns in spec.table_columns.items():
        table = spec.all_tables[name]
        for column in columns:
            if types.get(column) != "string" or column not in reasons:
                continue
            takes_numbers = table.is_numeric or table.identity is not None
            if takes_numbers and files[owner[column]].is_truth(column):
                raise DataError(
                    f"table {name!r} takes numbers, and {column!r} holds true and false: declare "
                    f"`types: {{{column}: int64}}` for source {owner[column]!r}, which makes them "
                    "1 and 0"
                )
            if table.is_numeric:
                raise DataError(
                    f"table {name!r} compares numbers, and {column!r} looks like text: "
                    f"{reasons[column]}; correct the file, declare `types: {{{column}: float32}}` "
                    f"(or int64) for source {owner[column]!r}, or use a vocabulary"
                )


def _check_fitted(spec: FeatureSpec, owner: dict[str, str]) -> None:
    """Vocabularies and quantiles come from impressions, which do not have every event's columns."""
    for feature in spec.sequence_features:
        if feature.column == TIME_GAP:
            continue
        table = spec.all_tables[feature.table]
        fitted = table.vocabulary is not None or table.quantiles is not None
        if owner[feature.column] in spec.event_sources and fitted:
            others = set(spec.table_columns[feature.table]) - {feature.column}
            if not any(owner.get(other) not in spec.event_sources for other in others):
                raise DataError(
                    f"attribute {feature.column!r} of sequence {feature.sequence!r} is only in "
                    f"source {owner[feature.column]!r}, and table {feature.table!r} is fitted on "
                    "impressions, which do not have it: use hash, identity or boundaries, or a "
                    "table that a field shares"
                )
