"""Checks between the blocks of a spec; each block has already checked itself."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.condition import Condition, ConditionError
from infnet_keras.spec.fields import Derive
from infnet_keras.spec.sequences import SequenceAttribute

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def nearest(name: str, valid: Iterable[str]) -> str:
    """A sentence that offers the closest valid name, or lists the valid ones."""
    names = list(valid)
    close = get_close_matches(name, names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"valid: {', '.join(names)}" if names else "none is declared"


def check(spec: FeatureSpec) -> None:
    """Raise SpecProblem for the first contradiction between blocks."""
    _sources(spec)
    _names(spec)
    _fields(spec)
    _sequences(spec)
    _tasks(spec)
    _outcomes(spec)
    _sides(spec)


def _sources(spec: FeatureSpec) -> None:
    logs = [name for name, source in spec.sources.items() if source.join is None]
    if len(logs) != 1:
        raise SpecProblem(
            ("sources",),
            f"exactly one source, the log of impressions, has no `join`; found {logs or 'none'}",
        )
    for name, source in spec.sources.items():
        if name == logs[0] and source.time is None:
            raise SpecProblem(
                ("sources", name), "the log needs `time`: a column of it, or `row_order`"
            )
        if name != logs[0] and (source.time is not None or source.deduplicate):
            raise SpecProblem(
                ("sources", name), "`time` and `deduplicate` belong to the log of impressions"
            )


def _names(spec: FeatureSpec) -> None:
    for block in ("fields", "tables", "sequences", "tasks"):
        for name in getattr(spec, block):
            if not name.isidentifier() or "__" in name:
                raise SpecProblem(
                    (block, name),
                    f"{name!r} is not a usable name: letters, digits and single underscores, "
                    "not starting with a digit",
                )
    for name, field in spec.fields.items():
        if field.table is None and name in spec.tables:
            raise SpecProblem(
                ("fields", name),
                f"a shared table is already called {name!r}: say `table: {name}` to use it, or "
                "rename one",
            )
    if not spec.fields:
        raise SpecProblem(("fields",), "at least one field is needed")
    if not spec.tasks:
        raise SpecProblem(("tasks",), "at least one task is needed")


def _fields(spec: FeatureSpec) -> None:
    for name, field in spec.fields.items():
        path = ("fields", name)
        if field.table is not None and field.table not in spec.tables:
            raise SpecProblem(
                (*path, "table"),
                f"there is no table {field.table!r}; {nearest(field.table, spec.tables)}",
            )
        if field.multivalue is not None and spec.all_tables[spec.field_table(name)].is_numeric:
            raise SpecProblem((*path, "multivalue"), "numbers in buckets have one value each")
        if field.derive is not None and not (
            isinstance(field.derive, Derive) and field.derive.days_since is None
        ):
            _needs_clock(spec, (*path, "derive"))
        if isinstance(field.derive, Derive):
            if not spec.all_tables[spec.field_table(name)].is_numeric:
                raise SpecProblem(path, "a derived number needs `quantiles` or `boundaries`")
            for kind in ("history_count", "history_rate"):
                block = getattr(field.derive, kind)
                if block is None:
                    continue
                for key in ("sequence", "of"):
                    behaviour = getattr(block, key, None)
                    if behaviour is not None and behaviour not in spec.sequences:
                        raise SpecProblem(
                            (*path, "derive", kind, key),
                            f"there is no sequence {behaviour!r}; "
                            f"{nearest(behaviour, spec.sequences)}",
                        )
                if block.until == "day":
                    _needs_clock(spec, (*path, "derive", kind, "until"))


def _needs_clock(spec: FeatureSpec, path: tuple[str | int, ...]) -> None:
    if spec.time.column is None:
        raise SpecProblem(path, "this needs a time column; the log has only its row order")


def _sequences(spec: FeatureSpec) -> None:
    tables = spec.all_tables
    for name, sequence in spec.sequences.items():
        path = ("sequences", name)
        if sequence.until == "day":
            _needs_clock(spec, (*path, "until"))
        if bool(sequence.attributes) != bool(sequence.length):
            raise SpecProblem(
                path,
                "a behaviour with attributes needs a `length` of at least 1, and one without "
                "(counted only) has none",
            )
        for column, declared in sequence.attributes.items():
            table = declared.table if isinstance(declared, SequenceAttribute) else declared
            if table not in tables:
                raise SpecProblem(
                    (*path, "attributes", column),
                    f"there is no table {table!r}; {nearest(table, tables)}",
                )
            if column == spec.keys.user:
                raise SpecProblem(
                    (*path, "attributes", column),
                    "every event of a history has the same user: this attribute says nothing",
                )
        if sequence.when is not None:
            _condition(sequence.when, (*path, "when"))
    if spec.tokens == "fused":
        dims = {spec.table_dim(f.table) for f in spec.sequence_features}
        if len(dims) > 1:
            raise SpecProblem(("tokens",), f"fused attributes need one width, found {sorted(dims)}")


def _tasks(spec: FeatureSpec) -> None:
    for name, task in spec.tasks.items():
        if task.mask is not None:
            _condition(task.mask, ("tasks", name, "mask"))


def _condition(text: str, path: tuple[str | int, ...]) -> None:
    try:
        Condition.parse(text)
    except ConditionError as error:
        raise SpecProblem(path, str(error)) from error


def _outcomes(spec: FeatureSpec) -> None:
    known_after = {task.label: f"the label of task {name}" for name, task in spec.tasks.items()}
    known_after |= dict.fromkeys(spec.outcomes, "an outcome")
    for column in spec.input_columns:
        if column in known_after:
            name = next(
                n
                for n, field in spec.fields.items()
                if column in (n, spec.field_column(n))
                or getattr(getattr(field.derive, "days_since", None), "column", None) == column
            )
            raise SpecProblem(
                ("fields", name),
                f"column {column!r} is {known_after[column]}, known only after the impression: it "
                "cannot be a feature of it (it may be an attribute of a sequence)",
            )


def _sides(spec: FeatureSpec) -> None:
    sides: dict[str, str] = {}
    for name, field in spec.fields.items():
        column = spec.field_column(name)
        if column is None:
            days_since = getattr(field.derive, "days_since", None)
            if days_since is None:
                if isinstance(field.derive, Derive) and field.side != "user":
                    raise SpecProblem(
                        ("fields", name, "side"), "a user's history is of side user"
                    )
                continue
            column = days_since.column
        if sides.setdefault(column, field.side) != field.side:
            raise SpecProblem(
                ("fields", name, "side"),
                f"column {column!r} is already read as a {sides[column]} feature",
            )
