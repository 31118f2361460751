"""Raw inputs: what one scoring request holds before any value becomes an id."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from infnet_keras.errors import DataError
from infnet_keras.spec.feature_spec import FeatureSpec
from infnet_keras.spec.fields import Derive, Side
from infnet_keras.spec.sources import ColumnType

Kind = Literal["value", "sequence", "length"]


class RawInput(NamedTuple):
    """One raw input of a batch of B requests.

    Args:
        name: the column's; `{sequence}__{column}` and `{sequence}__length` for a behaviour.
        dtype: "int64", "float32" or "string". Missing: the smallest int64, NaN, "".
        kind: "value" [B]; "sequence" [B, n], oldest step first, n free; "length" [B], how many
            leading steps of each row are real.
        side: who owns it.
    """

    name: str
    dtype: ColumnType
    kind: Kind
    side: Side


def raw_inputs(spec: FeatureSpec, column_types: Mapping[str, ColumnType]) -> list[RawInput]:
    """Every raw input of a spec, in a fixed order: columns, then behaviours.

    Args:
        spec: the feature spec.
        column_types: type of each raw column, as in `Assets`.

    Raises:
        DataError: a column has no type, or one that its table or derived field cannot use.
    """
    numbers = {name for name, field in spec.fields.items() if field.is_sent}
    inputs = [
        RawInput(name, "float32" if name in numbers else _type(column_types, name), "value", side)
        for name, side in spec.input_columns.items()
    ]
    for name, sequence in spec.sequences.items():
        if not sequence.attributes:
            continue
        inputs += [
            RawInput(f"{name}__{column}", _type(column_types, column), "sequence", "user")
            for column in sequence.attributes
        ]
        inputs.append(RawInput(f"{name}__length", "int64", "length", "user"))
    _check_types(spec, column_types)
    return inputs


def _type(column_types: Mapping[str, ColumnType], column: str) -> ColumnType:
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
    times: list[str] = []
    for name, field in spec.fields.items():
        if field.crossed is not None and _type(column_types, str(field.crossed.same)) == "float32":
            raise DataError(
                f"column {field.crossed.same!r} holds floats, but field {name!r} asks which values "
                f"are the same: declare types: {{{field.crossed.same}: int64 or string}}"
            )
        if isinstance(field.derive, Derive) and field.derive.days_since is not None:
            times.append(field.derive.days_since.column)
    if spec.time.column is not None and spec.time.column in spec.input_columns:
        times.append(spec.time.column)
    for column in times:
        if _type(column_types, column) == "float32":
            raise DataError(
                f"column {column!r} is read as a date or a time and cannot be float32, which holds "
                f"today's seconds to a minute: declare types: {{{column}: int64 or string}}"
            )
