"""Checks of what the columns of a spec are used for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.document import KeyPath

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def check_columns(spec: FeatureSpec) -> None:
    """Raise SpecProblem where columns contradict one another, their types, keys or outcomes."""
    _reads(spec)
    _outcomes(spec)
    _sides(spec)
    _raw_inputs(spec)


def _reads(spec: FeatureSpec) -> None:
    """One column is split and typed one way, and no two fields are the same token."""
    types = spec.declared_types
    separators: dict[str, str | None] = {}
    tokens: dict[tuple[str, str], str] = {}
    reads: list[tuple[KeyPath, str, str, str | None]] = []
    for name, field in spec.fields.items():
        path: KeyPath = ("fields", name)
        column = spec.field_column(name)
        if column is None:
            problem = None if field.derivation is None else field.derivation.type_problem(types)
            if problem is not None:
                raise SpecProblem(path, problem)
            continue
        table = spec.field_table(name)
        if (column, table) in tokens:
            raise SpecProblem(
                path,
                f"field {tokens[column, table]!r} already reads column {column!r} through table "
                f"{table!r}: the two would be the same token",
            )
        tokens[column, table] = name
        reads.append((path, column, table, field.multivalue))
    reads += [
        (("sequences", f.sequence, "attributes", f.column), f.column, f.table, f.multivalue)
        for f in spec.sequence_features
    ]
    for where, column, table, separator in reads:
        if separators.setdefault(column, separator) != separator:
            raise SpecProblem(
                where,
                f"column {column!r} is split at {separator!r} here and at {separators[column]!r} "
                "elsewhere",
            )
        _type_fits(spec, where, column, types.get(column), table, separator)


def _type_fits(
    spec: FeatureSpec,
    path: KeyPath,
    column: str,
    declared: str | None,
    table: str,
    separator: str | None,
) -> None:
    kind = spec.all_tables[table].kind
    if declared == "float32" and kind in ("vocabulary", "hash"):
        raise SpecProblem(
            path,
            f"column {column!r} is declared float32, whose values have no spelling of their own: "
            f"declare int64 or string to use {kind}, or use quantiles, boundaries or numeric",
        )
    if declared == "string" and spec.all_tables[table].is_numeric:
        raise SpecProblem(path, f"column {column!r} is declared string, and {kind} needs numbers")
    if separator is not None and declared not in (None, "string"):
        raise SpecProblem(
            path, f"column {column!r} is declared {declared}: several values need string"
        )


def _outcomes(spec: FeatureSpec) -> None:
    known_after = {**dict.fromkeys(spec.outcomes, "an outcome"), **spec.label_columns}
    for name in spec.fields:
        for column in spec.field_reads(name):
            if column in known_after:
                raise SpecProblem(
                    ("fields", name),
                    f"column {column!r} is {known_after[column]}, known only after the "
                    "impression: it cannot be a feature of it (it may be an attribute of a "
                    "sequence)",
                )


def _sides(spec: FeatureSpec) -> None:
    keys: dict[str | None, str] = {spec.keys.user: "user", spec.keys.item: "item"}
    sides: dict[str, str] = {}
    for name, field in spec.fields.items():
        for column in spec.field_reads(name):
            if keys.get(column, field.side) != field.side:
                raise SpecProblem(
                    ("fields", name, "side"),
                    f"column {column!r} is the {keys[column]}'s key: its side is {keys[column]}",
                )
            if sides.setdefault(column, field.side) != field.side:
                raise SpecProblem(
                    ("fields", name, "side"),
                    f"column {column!r} is already read on side {sides[column]}",
                )
    known_after = {*spec.outcomes, *spec.label_columns}
    for name, field in spec.fields.items():
        by = None if field.derivation is None else field.derivation.shared_by
        if by in known_after:
            raise SpecProblem(
                ("fields", name), f"column {by!r} is known only after the impression: drop `by`"
            )
        if by is not None and (owner := keys.get(by, sides.get(by, field.side))) != field.side:
            raise SpecProblem(
                ("fields", name, "side"), f"a history by {by!r} belongs to side {owner}"
            )


def _raw_inputs(spec: FeatureSpec) -> None:
    """No two raw inputs of a request have one name."""
    owners: dict[str, str] = {}
    derived = [name for name, field in spec.fields.items() if field.is_sent]
    for name in spec.fields:
        for column in spec.field_reads(name):
            owners[column] = f"column {column!r}"
    if spec.time.column is not None:
        owners[spec.time.column] = "the time column"
    for name in derived:
        if name in owners:
            raise SpecProblem(
                ("fields", name),
                f"a request calls this number {name!r}, like {owners[name]}: rename the field",
            )
        owners[name] = f"the field {name!r}"
    for name, field in spec.fields.items():
        if (
            field.derivation is not None
            and field.derivation.sequences
            and name in owners
            and not field.is_sent
        ):
            raise SpecProblem(
                ("fields", name),
                f"a request already holds {owners[name]}, and this field is computed: rename the "
                "field",
            )
    for sequence, names in spec.sequence_inputs.items():
        if names.length in owners:
            raise SpecProblem(
                ("sequences", sequence),
                f"a request calls its length {names.length!r}, like {owners[names.length]}: rename "
                "the sequence or the column",
            )
        owners[names.length] = f"the length of {sequence!r}"
    for feature in spec.sequence_features:
        raw, sequence, column = feature.name, feature.sequence, feature.column
        if raw in owners:
            raise SpecProblem(
                ("sequences", sequence, "attributes", column),
                f"a request calls this attribute {raw!r}, like {owners[raw]}: rename the sequence "
                "or the column",
            )
        owners[raw] = f"an attribute of {sequence!r}"
    for sequence, names in spec.sequence_inputs.items():
        own = {*names.attributes.values(), names.length}
        for name, owner in owners.items():
            if name.startswith(f"{sequence}__") and name not in own:
                raise SpecProblem(
                    ("sequences", sequence),
                    f"a request would take {owner} for a list of {sequence!r}: rename the sequence",
                )
