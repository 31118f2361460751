"""Raw inputs: what a row holds before any value becomes an id, in the log and in a request."""

from collections.abc import Iterable, Mapping
from typing import Any, Literal, NamedTuple

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.fixed_values import fixed_values
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.fields import Side
from infnet_keras.spec.sequences import TIME_GAP
from infnet_keras.spec.sources import ColumnType

Kind = Literal["value", "sequence", "length"]
MISSING: dict[ColumnType, Any] = {"int64": MISSING_INTEGER, "float32": float("nan"), "string": b""}
"""What stands for a missing value, by type."""


class RawInput(NamedTuple):
    """One raw input of a batch of B requests.

    Args:
        name: the column's, or as `input_names.sequence_inputs` calls what holds a behaviour.
        dtype: "int64", "float32" or "string". Missing: the smallest int64, NaN, "".
        kind: "value" [B]; "sequence" [B, n], oldest step first, n free; "length" [B], how many
            leading steps of each row are real.
        side: who owns it.
        column: the raw column whose values it holds, or the field whose number it is; None for a
            length.
        sequence: the behaviour that it belongs to; None for a "value".
    """

    name: str
    dtype: ColumnType
    kind: Kind
    side: Side
    column: str | None = None
    sequence: str | None = None


def raw_inputs(spec: FeatureSpec, column_types: Mapping[str, ColumnType]) -> list[RawInput]:
    """Every raw input of a spec, in a fixed order: columns, then behaviours.

    A row of the log holds all of them, a request those of `sent_inputs`.

    Args:
        spec: the feature spec.
        column_types: type of each raw column, as in `Assets`.

    Raises:
        DataError: a column has no type, or one that its table or derived field cannot use, or that
            cannot hold what serving takes for it.
    """
    numbers = {name for name, field in spec.fields.items() if field.is_sent}
    inputs = [
        RawInput(
            name,
            "float32" if name in numbers else _type(column_types, name),
            "value",
            side,
            column=name,
        )
        for name, side in spec.input_columns.items()
    ]
    for sequence, names in spec.sequence_inputs.items():
        inputs += [
            RawInput(name, _type(column_types, column), "sequence", "user", column, sequence)
            for column, name in names.attributes.items()
        ]
        inputs.append(RawInput(names.length, "int64", "length", "user", sequence=sequence))
    _check_types(spec, column_types)
    return inputs


def sent_inputs(spec: FeatureSpec, inputs: Iterable[RawInput]) -> list[RawInput]:
    """Those that a request holds: all but what serving fixes."""
    return [raw for raw in inputs if raw.name not in spec.served_values]


def served_inputs(spec: FeatureSpec, inputs: Iterable[RawInput]) -> list[RawInput]:
    """Raw inputs under the names that a signature and tf.Examples have for them."""
    return [raw._replace(name=spec.served_names[raw.name]) for raw in inputs]


def _type(column_types: Mapping[str, ColumnType], column: str) -> ColumnType:
    if column == TIME_GAP:
        return "int64"  # whole seconds, of no raw column
    if column not in column_types:
        raise DataError(f"the assets hold no type of column {column!r}; declare it in `types`")
    return column_types[column]


def _check_types(spec: FeatureSpec, column_types: Mapping[str, ColumnType]) -> None:
    reads = [
        (column, spec.field_table(name), field.multivalue)
        for name, field in spec.fields.items()
        if (column := spec.field_column(name)) is not None
    ]
    reads += [(f.column, f.table, f.multivalue) for f in spec.sequence_features]
    for column, table_name, separator in reads:
        table, dtype = spec.all_tables[table_name], _type(column_types, column)
        if table.is_numeric and dtype == "string":
            raise DataError(
                f"column {column!r} holds strings, but table {table_name!r} compares numbers: "
                f"declare types: {{{column}: float32 or int64}}"
            )
        spelt = table.vocabulary is not None or table.hash is not None or separator is not None
        if spelt and dtype == "float32":
            raise DataError(
                f"column {column!r} holds floats, but table {table_name!r} needs one spelling "
                f"a value: declare types: {{{column}: int64 or string}}"
            )
    for name, field in spec.fields.items():
        if field.derivation is not None:
            problem = field.derivation.type_problem(column_types)
            if problem is not None:
                raise DataError(f"field {name!r}: {problem}")
    fixed_values(spec, column_types)
    time = spec.time.column
    if time is not None and time in spec.input_columns and _type(column_types, time) == "float32":
        raise DataError(
            f"column {time!r} is read as a time and cannot be float32, which holds today's seconds "
            f"to a minute: declare types: {{{time}: int64 or string}}"
        )
