"""Checks between the blocks of a spec; each block has already checked itself.

Which columns the files really have is checked when data are prepared.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.column_checks import check_columns
from infnet_keras.spec.condition import Condition, ConditionError
from infnet_keras.spec.derived.derivation import check_clock
from infnet_keras.spec.derived.derive import Derive
from infnet_keras.spec.document import KeyPath
from infnet_keras.spec.nearest import nearest
from infnet_keras.spec.pipeline_checks import check_pipeline
from infnet_keras.spec.pipeline_options import Change, Gates
from infnet_keras.spec.ready_made_checks import check_ready_made
from infnet_keras.spec.sequences import SequenceAttribute
from infnet_keras.spec.served_value_checks import check_served_values
from infnet_keras.spec.source_checks import check_sources
from infnet_keras.spec.time_gap_checks import check_time_gap

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def check(spec: FeatureSpec) -> None:
    """Raise SpecProblem for the first contradiction between blocks."""
    _tasks(spec)
    check_sources(spec)
    _keys(spec)
    _names(spec)
    _tables(spec)
    _fields(spec)
    _sequences(spec)
    check_ready_made(spec)
    spec.model.check(spec)
    check_columns(spec)
    check_served_values(spec)
    check_pipeline(spec)


def _keys(spec: FeatureSpec) -> None:
    if spec.keys.user == spec.keys.item:
        raise SpecProblem(("keys", "item"), "the user and the item are the same column")
    known_before = {
        spec.keys.user: "the user's key",
        spec.keys.item: "the item's key",
        spec.time.column: "the time column",
    }
    for index, column in enumerate(spec.outcomes):
        if column in known_before:
            raise SpecProblem(
                ("outcomes", index), f"{column!r} is {known_before[column]}, not an outcome"
            )
    weights: dict[KeyPath, str | None] = {("weight",): spec.weight}
    weights |= {("tasks", name, "weight"): t.weight_column for name, t in spec.tasks.items()}
    for path, weight in weights.items():
        if weight == "" or weight in {column for column in known_before if column is not None}:
            what = "no column" if weight == "" else known_before[weight]
            raise SpecProblem(path, f"{weight!r} is {what}: it cannot be a weight")
    for name, task in spec.tasks.items():
        for column in task.label_columns:
            if column in known_before:
                raise SpecProblem(
                    ("tasks", name, "label"),
                    f"{column!r} is {known_before[column]}: it cannot be a label",
                )
    if spec.keys.user is None:
        _without_user(spec)


def _without_user(spec: FeatureSpec) -> None:
    """A log that does not say whose impressions it holds has no histories."""
    if spec.sequences:
        raise SpecProblem(
            ("sequences", next(iter(spec.sequences))),
            "`keys` names no user, and a history is a user's: name the user's column, or drop the "
            "sequences",
        )
    for name, field in spec.fields.items():
        if field.side == "user":
            raise SpecProblem(
                ("fields", name, "side"),
                "`keys` names no user whose feature this could be: name the user's column, or say "
                "context",
            )
    if spec.time.row_order == "user":
        raise SpecProblem(
            ("sources", spec.log_source, "time", "row_order"),
            "`keys` names no user whose rows could be in order: name the user's column, or say log",
        )
    limits: dict[KeyPath, Gates | Change] = {
        ("evaluation", "gates", task): gates for task, gates in spec.evaluation.gates.items()
    }
    limits["evaluation", "change"] = spec.evaluation.change
    for path, limit in limits.items():
        for metric, called in (("gauc", "gAUC"), ("gxauc", "gXAUC")):
            if getattr(limit, metric) is not None:
                raise SpecProblem((*path, metric), f"without a user in `keys` there is no {called}")


def _names(spec: FeatureSpec) -> None:
    for block in ("fields", "tables", "sequences", "tasks"):
        if "" in getattr(spec, block):
            raise SpecProblem((block, ""), "a name has at least one character")
    for name in spec.sequences:
        if "__" in name or name.endswith("_"):
            raise SpecProblem(
                ("sequences", name),
                f"requests call a behaviour's lists {name + '__column'!r}: its name has no two "
                "underscores in a row and none at its end",
            )
    if "mean" in spec.tasks:
        raise SpecProblem(
            ("tasks", "mean"), "a report calls the mean over the tasks 'mean': rename the task"
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
                f"there is no shared table {field.table!r}; {nearest(field.table, spec.tables)}",
            )
        if field.multivalue is not None and spec.all_tables[spec.field_table(name)].is_numeric:
            raise SpecProblem((*path, "multivalue"), "a field of numbers has one value each")
        if field.derivation is None:
            continue
        where: KeyPath = (*path, "derive")
        if isinstance(field.derive, Derive):
            where = (*where, field.derive.kind)
            if not spec.all_tables[spec.field_table(name)].is_numeric:
                raise SpecProblem(
                    path, "a derived number needs `quantiles`, `boundaries` or `numeric`"
                )
        field.derivation.check(spec, name, where)


def _tables(spec: FeatureSpec) -> None:
    for name, table in spec.tables.items():
        if table.numeric is not None:
            raise SpecProblem(
                ("tables", name, "numeric"),
                "a table has rows, and a number reads none: say `numeric` in each field that reads "
                "the column",
            )


def _sequences(spec: FeatureSpec) -> None:
    tables = spec.all_tables
    for name, sequence in spec.sequences.items():
        path = ("sequences", name)
        if sequence.until == "day":
            check_clock(spec, (*path, "until"))
        if bool(sequence.attributes) != bool(sequence.length):
            raise SpecProblem(
                path,
                "a behaviour with attributes needs a `length` of at least 1, and one without "
                "(counted only) has none",
            )
        for column, declared in sequence.attributes.items():
            attribute = (*path, "attributes", column)
            block = SequenceAttribute(table=declared) if isinstance(declared, str) else declared
            if block.table not in tables:
                raise SpecProblem(
                    attribute, f"there is no table {block.table!r}; {nearest(block.table, tables)}"
                )
            if column == spec.keys.user:
                raise SpecProblem(
                    attribute,
                    "every event of a history has the same user: this attribute says nothing",
                )
            if tables[block.table].numeric is not None:
                raise SpecProblem(
                    attribute,
                    f"the field {block.table!r} is `numeric`, and a step of a history has no "
                    "number: give the attribute a table of `quantiles` or `boundaries`",
                )
            if block.multivalue is not None and tables[block.table].is_numeric:
                raise SpecProblem(attribute, "numbers in buckets have one value each")
        if sequence.when is not None:
            _condition(sequence.when, (*path, "when"))
        if sequence.time_gap is not None:
            check_time_gap(spec, name)


def _tasks(spec: FeatureSpec) -> None:
    for name, task in spec.tasks.items():
        path = ("tasks", name)
        if task.mask is not None:
            _condition(task.mask, (*path, "mask"))
        if isinstance(task.label, str):
            try:
                _ = task.condition
            except ConditionError as error:
                raise SpecProblem((*path, "label"), str(error)) from error
        else:
            if task.label.when is not None:
                _condition(task.label.when, (*path, "label", "when"))
            if task.missing is not None:
                raise SpecProblem(
                    (*path, "missing"),
                    "a label `found_in` another log is 0 where nothing is found, never missing: "
                    "drop `missing`, or say `mask`",
                )

    if spec.sample is not None and not spec.binary_tasks:
        raise SpecProblem(
            ("sample",),
            "a negative is an impression on which no binary task's label is 1, and every task is a "
            "regression: drop `sample`",
        )


def _condition(text: str, path: KeyPath) -> None:
    try:
        Condition.parse(text)
    except ConditionError as error:
        raise SpecProblem(path, str(error)) from error
