"""One raw column, whatever a file made of it, as the type that the spec gives it."""

import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.time_column import TimeColumn, counted_times
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "int64": pa.int64(),
    "float32": pa.float32(),
    "string": pa.string(),
}
_MISSING_INTEGER = -(2**63)
_MISSING_SPELLINGS = pa.array(
    ["", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "-nan", "\\N"]
)
_WHOLE_NUMBER = r"^[+-]?\d+(\.0*)?$"


def inferred_type(arrow_type: pa.DataType) -> ColumnType:
    """The type of a column that the spec does not declare, from what Arrow made of its file.

    Dates, timestamps and booleans are strings, as is a column without a single value.
    """
    if pa.types.is_dictionary(arrow_type):
        return inferred_type(arrow_type.value_type)
    if pa.types.is_integer(arrow_type):
        return "int64"
    if pa.types.is_floating(arrow_type) or pa.types.is_decimal(arrow_type):
        return "float32"
    return "string"


def convert(
    values: pa.Array,
    column_type: ColumnType,
    separator: str | None,
    column: str,
    file: str,
    time: TimeColumn | None = None,
) -> pa.Array:
    """A column of a file in its type; missing values (empty, NaN, int64's minimum) are null.

    Args:
        values: text from a CSV file, or whatever a Parquet file holds.
        column_type: int64 takes whole numbers in any spelling ("4.0" is 4).
        separator: joins the values of a list column; None where the spec splits nothing.
        column: its name, for errors.
        file: where it was read, for errors.
        time: how the spec reads it, if it is a time or a date.

    Raises:
        DataError: a value is not of the type; names file, column and value.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if time is not None and column_type == "int64" and pa.types.is_temporal(values.type):
        return counted_times(values, time, column, file)
    if pa.types.is_dictionary(values.type):
        values = values.cast(values.type.value_type)
    if pa.types.is_list(values.type) or pa.types.is_large_list(values.type):
        values = _joined(values, separator, column, file)
    if values.type == ARROW_TYPES[column_type] and column_type != "string":
        return _without_missing(values)
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), None, values)
    try:
        return _without_missing(pc.cast(values, ARROW_TYPES[column_type]))
    except pa.ArrowInvalid:
        if column_type == "string":
            raise DataError(f"{file}: column {column!r} holds text that is not UTF-8") from None
    text = pc.utf8_trim_whitespace(pc.cast(values, pa.string()))
    text = pc.if_else(pc.is_in(text, _MISSING_SPELLINGS), None, text)
    if column_type == "int64":
        whole = pc.match_substring_regex(text, _WHOLE_NUMBER)
        _refuse(text, whole, column_type, column, file)
        text = pc.replace_substring_regex(text, r"^\+|\.0*$", "")
    try:
        return _without_missing(pc.cast(text, ARROW_TYPES[column_type]))
    except pa.ArrowInvalid:
        _refuse(text, pa.array([_casts(t, column_type) for t in text]), column_type, column, file)
        raise


def _joined(values: pa.Array, separator: str | None, column: str, file: str) -> pa.Array:
    if separator is None:
        raise DataError(
            f"{file}: column {column!r} holds lists; say `multivalue` for it in the spec, or store "
            "one value a row"
        )
    texts = pc.cast(values, pa.list_(pa.string()))
    return pc.binary_join(texts, separator)


def _without_missing(values: pa.Array) -> pa.Array:
    if pa.types.is_floating(values.type):
        return pc.if_else(pc.is_nan(values), None, values)
    if pa.types.is_integer(values.type):
        return pc.if_else(pc.equal(values, _MISSING_INTEGER), None, values)
    return pc.if_else(pc.equal(values, ""), None, values)


def _casts(value: pa.Scalar, column_type: ColumnType) -> bool:
    try:
        pc.cast(value, ARROW_TYPES[column_type])
    except pa.ArrowInvalid:
        return False
    return True


def _refuse(
    text: pa.Array, fits: pa.Array, column_type: ColumnType, column: str, file: str
) -> None:
    wrong = pc.filter(text, pc.invert(pc.fill_null(fits, True)))
    if len(wrong) == 0:
        return
    value = wrong[0].as_py()
    other = "string"
    if column_type == "int64" and _casts(wrong[0], "float32"):
        other = "float32"
    raise DataError(
        f"{file}: column {column!r} holds {value!r}, which is not {column_type}; correct the file, "
        f"or declare `types: {{{column}: {other}}}` for its source"
    )
