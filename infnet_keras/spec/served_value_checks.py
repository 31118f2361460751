"""Checks of `serve_as`: what serving takes for a column that no request sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.document import KeyPath

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec
    from infnet_keras.spec.fields import CategoricalField


def check_served_values(spec: FeatureSpec) -> None:
    """Raise SpecProblem where `serve_as` has no meaning, or its value is none of the column."""
    for name, field in spec.fields.items():
        if field.serve_as is None:
            continue
        path: KeyPath = ("fields", name, "serve_as")
        if field.side != "context":
            raise SpecProblem(
                path,
                f"serving fixes what belongs to the context, and this field is of side "
                f"{field.side}, which a request is about: drop `serve_as`",
            )
        if field.derivation is not None:
            raise SpecProblem(
                path,
                "the value of this field is computed and no column's, so there is none to take in "
                "its place: drop `serve_as`",
            )
        _only_reader(spec, name, field, path)
        _fits(spec, name, field, path)
    if spec.served_values and not spec.sequence_inputs and not _sent(spec):
        fixed = next(name for name, field in spec.fields.items() if field.serve_as is not None)
        raise SpecProblem(
            ("fields", fixed, "serve_as"),
            "a request would hold nothing, as serving fixes every column that a field reads: drop "
            "one `serve_as`",
        )


def _sent(spec: FeatureSpec) -> list[str]:
    return [column for column in spec.input_columns if column not in spec.served_values]


def _only_reader(spec: FeatureSpec, name: str, field: CategoricalField, path: KeyPath) -> None:
    """Nothing else makes a request send the column after all."""
    column = spec.values_column(name)
    for other, reader in spec.fields.items():
        derivation = reader.derivation
        by_time = derivation is not None and derivation.reads_time and column == spec.time.column
        if by_time or (derivation is not None and column in derivation.columns):
            raise SpecProblem(
                path,
                f"the field {other!r} is computed from column {column!r}, so a request sends it: "
                "drop `serve_as`, or that field",
            )
        if column in spec.field_reads(other) and reader.serve_as != field.serve_as:
            raise SpecProblem(
                path,
                f"the field {other!r} reads column {column!r} too: give both the same `serve_as`",
            )


def _fits(spec: FeatureSpec, name: str, field: CategoricalField, path: KeyPath) -> None:
    """The value is one that the column and its table can hold; its type may not be known yet."""
    value, column = field.serve_as, spec.values_column(name)
    table = spec.all_tables[spec.field_table(name)]
    dtype = spec.declared_types.get(column)
    if value == "":
        return
    if dtype == "int64" and not (isinstance(value, int) and -(2**63) < value < 2**63):
        raise SpecProblem(
            path, f"column {column!r} is declared int64, a whole number of 64 bits; found {value!r}"
        )
    if isinstance(value, str) and (dtype == "float32" or table.is_numeric):
        said = "is declared float32" if dtype == "float32" else f"is read by {table.kind}"
        raise SpecProblem(path, f"column {column!r} {said}, a number; found {value!r}")
    if isinstance(value, float) and (dtype == "string" or not table.is_numeric):
        said = "is declared string" if dtype == "string" else f"is read by {table.kind}"
        raise SpecProblem(
            path,
            f"column {column!r} {said}, and {value!r} has no spelling of its own: give a whole "
            "number or a text",
        )
    size, spelt = table.identity, str(value)
    known = spelt.isascii() and spelt.isdecimal() and spelt == str(int(spelt))
    if size is not None and not (known and int(spelt) < size):
        raise SpecProblem(path, f"identity: {size} has rows for 0 to {size - 1}; found {value!r}")
