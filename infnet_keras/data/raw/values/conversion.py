"""One raw column, whatever a file made of it, as the type that the spec gives it."""

import re
from collections.abc import Callable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.values.id_spelling import some_like_ids
from infnet_keras.data.raw.values.inference import INTEGER, MISSING_SPELLINGS
from infnet_keras.data.raw.values.list_values import (
    HeldSeparatorError,
    is_list,
    joined,
    unbracketed,
)
from infnet_keras.data.raw.values.time_column import TimeColumn, counted_times
from infnet_keras.errors import DataError
from infnet_keras.spec.sources import ColumnType

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    "int64": pa.int64(),
    "float32": pa.float32(),
    "string": pa.string(),
}
_MISSING_INTEGER = -(2**63)
_WHOLE = re.compile(r"[+-]?[1-9]\d*\.0*", re.ASCII)
_WHOLE_NUMBER = r"^(?:[+-]?\d+(?:\.0*)?|0[xX][0-9a-fA-F]+)$"


def arrow_type(column_type: ColumnType, exact: bool) -> pa.DataType:
    """What `convert` makes of a column."""
    return pa.float64() if exact and column_type == "float32" else ARROW_TYPES[column_type]


def without_more_digits(values: pa.Array) -> pa.Array:
    """Values as features read them: float64, which only conditions compare, as float32."""
    return values.cast(pa.float32(), safe=False) if values.type == pa.float64() else values


def inferred_type(stored: pa.DataType) -> ColumnType:
    """The type of a column that the spec does not declare, from what Arrow made of its file.

    Dates, timestamps and booleans are strings, as is a column without a single value. Decimals
    without a fraction are how Oracle and Snowflake write whole numbers.
    """
    if pa.types.is_dictionary(stored):
        return inferred_type(stored.value_type)
    if pa.types.is_integer(stored) or (pa.types.is_decimal(stored) and stored.scale <= 0):
        return "int64"
    if pa.types.is_floating(stored) or pa.types.is_decimal(stored):
        return "float32"
    return "string"


def _row(at: int) -> str:
    return f"row {at + 1}"


def convert(
    values: pa.Array | pa.ChunkedArray,
    column_type: ColumnType,
    separator: str | None,
    column: str,
    file: str,
    row: Callable[[int], str] = _row,
    inferred_from: str | None = None,
    time: TimeColumn | None = None,
    exact: bool = False,
    unreadable: list[int] | None = None,
) -> pa.Array:
    """A column of a file in its type; missing values (empty, NaN, int64's minimum) are null.

    Args:
        values: text from a CSV file, or whatever a Parquet file holds.
        column_type: int64 takes whole numbers in any spelling ("4.0" is 4); numbers of either
            type take true and false, as 1 and 0, where they are declared; string spells whole
            numbers as digits, however a file stores them.
        separator: joins the values of a list, also of a text such as `[1, 2]`; None where the
            spec splits nothing.
        column: its name, for errors.
        file: where it was read, for errors.
        row: where the value at a place stands in that file, such as `Block.row`; for errors.
        inferred_from: why the type is this one where nobody declares it; None where it is
            declared. A number that is spelt as ids are (007) is then not taken for one.
        time: how the spec reads it, if it is a time or a date.
        exact: read numbers of type float32 as float64, for conditions to compare. One that a file
            holds as float32 is the shortest number that spells it: 0.1, not 0.10000000149.
        unreadable: takes the places of values that are not of the type, which are then null; None
            refuses them.

    Raises:
        DataError: a value is not of the type; names file, column, value and row.
    """
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    if time is not None and column_type == "int64" and pa.types.is_temporal(values.type):
        return counted_times(values, time, column, file)
    where = _Where(column, file, row, inferred_from, unreadable)
    try:
        values = _plain(values)
        if is_list(values.type):
            values = _joined(values, separator, where)
        elif separator is not None and pa.types.is_string(values.type):
            values = unbracketed(where.decoded(values), separator)
        if pa.types.is_struct(values.type):
            raise DataError(
                f"{file}: column {column!r} holds structs; name a field of theirs by its path, "
                f"such as `{column}.{values.type[0].name if len(values.type) else 'name'}`"
            )
        if pa.types.is_nested(values.type):
            raise DataError(
                f"{file}: column {column!r} holds {_kind(values.type)}, which cannot be read; "
                "store one value a row, or a list"
            )
        if column_type == "string":
            return _null_where(_as_text(values, where), "")
        if column_type == "int64":
            return _null_where(_as_integers(values, where), _MISSING_INTEGER)
        numbers = _as_floats(values, where, arrow_type(column_type, exact))
        return pc.if_else(pc.is_nan(numbers), pa.scalar(None, numbers.type), numbers)
    except HeldSeparatorError as error:
        raise DataError(
            f"{file}: a list of column {column!r} holds {error.args[0]!r}, and {separator!r} "
            "separates its values; choose another `multivalue`"
        ) from None
    except pa.ArrowException as error:
        raise DataError(
            f"{file}: column {column!r} holds values of type {values.type}, which cannot be read "
            f"as {column_type} ({str(error).splitlines()[0]}); store it as text or numbers"
        ) from error


class _Where:
    """Where values stand, for errors."""

    def __init__(
        self,
        column: str,
        file: str,
        row: Callable[[int], str],
        inferred_from: str | None,
        unreadable: list[int] | None,
    ):
        self.column = column
        self.file = file
        self.row = row
        self.inferred_from = inferred_from
        self.unreadable = unreadable

    def decoded(self, values: pa.Array) -> pa.Array:
        """The same text, known to be UTF-8."""
        try:
            return pc.cast(values.view(pa.binary()), pa.string())
        except pa.ArrowInvalid:
            for row, value in enumerate(values.view(pa.binary()).to_pylist()):
                try:
                    (value or b"").decode()
                except UnicodeDecodeError:
                    raise DataError(
                        f"{self.file}: column {self.column!r} holds text that is not UTF-8 in "
                        f"{self.row(row)} ({value[:40]!r}); say the `encoding` of its source, such "
                        "as latin-1 or gbk, or, if the file is Parquet, store it as text in UTF-8"
                    ) from None
            raise

    def fitting(self, text: pa.Array, fits: pa.Array, column_type: ColumnType) -> pa.Array:
        """The text; one that does not fit is noted and null, or refused by a DataError."""
        wrong = pc.invert(pc.fill_null(fits, True))
        row = pc.index(wrong, True).as_py()
        if row < 0:
            return text
        if self.unreadable is not None:
            self.unreadable += np.flatnonzero(wrong.to_numpy(zero_copy_only=False)).tolist()
            return pc.if_else(wrong, pa.scalar(None, text.type), text)
        value = text[row].as_py()
        stands = self.row(row)
        other = "float32" if column_type == "int64" and _is_fraction(value) else "string"
        if self.inferred_from is not None and column_type == "int64" and _WHOLE.fullmatch(value):
            other = "int64"  # which takes 1.0 for 1
        declare = f"declare `types: {{{self.column}: {other}}}` for its source"
        if self.inferred_from is not None:
            raise DataError(
                f"{self.file}: column {self.column!r} holds {value!r} in {stands}, but "
                f"{self.inferred_from}, so that it looked like {column_type}; {declare}"
            )
        raise DataError(
            f"{self.file}: column {self.column!r} holds {value!r}, which is not {column_type}, in "
            f"{stands}; correct the file, or {declare}"
        )


def _plain(values: pa.Array) -> pa.Array:
    """The values without dictionaries, views or extension types; text in one type, unchecked."""
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_binary(values.type):
        return values.view(pa.string())
    if pa.types.is_large_string(values.type) or pa.types.is_large_binary(values.type):
        return values.cast(pa.large_binary()).cast(pa.binary()).view(pa.string())
    if str(values.type) in ("string_view", "binary_view") or pa.types.is_fixed_size_binary(
        values.type
    ):
        return values.cast(pa.binary()).view(pa.string())
    return values


def _joined(values: pa.Array, separator: str | None, where: _Where) -> pa.Array:
    if separator is None:
        raise DataError(
            f"{where.file}: column {where.column!r} holds lists; say `multivalue` for it in the "
            "spec, or `column` in a sequence if each list is the history of its own row, or store "
            "one value a row"
        )
    elements = _plain(pc.list_flatten(values))
    if pa.types.is_nested(elements.type):
        raise DataError(
            f"{where.file}: column {where.column!r} holds lists of {_kind(elements.type)}; store "
            "lists of text or numbers"
        )
    return joined(values, _null_where(_as_text(elements, where), ""), separator)


def _kind(arrow_type: pa.DataType) -> str:
    if pa.types.is_map(arrow_type):
        return "maps"
    return "lists" if is_list(arrow_type) else "structs"


def _as_text(values: pa.Array, where: _Where) -> pa.Array:
    if pa.types.is_string(values.type):
        return where.decoded(values)
    if pa.types.is_decimal(values.type):
        return pc.replace_substring_regex(pc.cast(values, pa.string()), r"\.0+$", "")
    if not pa.types.is_floating(values.type):
        return pc.cast(values, pa.string())
    values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    text = pc.cast(values, pa.string())
    wide = pc.cast(values, pa.float64())
    whole = pc.and_(pc.equal(wide, pc.trunc(wide)), pc.less(pc.abs(wide), 2.0**64))
    if not pc.any(whole).as_py():
        return text
    digits = [
        str(int(number)) if is_whole else None
        for number, is_whole in zip(wide.to_pylist(), whole.to_pylist(), strict=True)
    ]
    return pc.coalesce(pa.array(digits, pa.string()), text)


def _as_integers(values: pa.Array, where: _Where) -> pa.Array:
    if pa.types.is_floating(values.type):
        values = pc.if_else(pc.is_nan(values), pa.scalar(None, values.type), values)
    elif pa.types.is_string(values.type):
        return _integers_of_text(values, where)
    try:
        return pc.cast(values, pa.int64())
    except pa.ArrowInvalid:
        return _integers_of_text(_as_text(values, where), where)


def _integers_of_text(text: pa.Array, where: _Where) -> pa.Array:
    try:
        numbers = pc.cast(text, pa.int64())
        if not some_like_ids(text):
            return numbers
    except pa.ArrowInvalid:
        pass
    text = _numbers_of_truths(_without_missing(text, where), where)
    spelling = INTEGER if where.inferred_from is not None else _WHOLE_NUMBER
    text = where.fitting(text, pc.match_substring_regex(text, spelling), "int64")
    hexadecimal = pc.fill_null(pc.match_substring_regex(text, "^0[xX]"), False)
    text = where.fitting(text, pc.invert(pc.and_(hexadecimal, _longer(text, 17))), "int64")
    text = pc.replace_substring_regex(text, r"^\+|\.0*$", "")
    try:
        return pc.cast(text, pa.int64())
    except pa.ArrowInvalid:
        return pc.cast(where.fitting(text, _casts(text, pa.int64()), "int64"), pa.int64())


def _as_floats(values: pa.Array, where: _Where, wanted: pa.DataType) -> pa.Array:
    if not pa.types.is_string(values.type):
        if wanted == pa.float64() and pa.types.is_floating(values.type) and values.type != wanted:
            values = pc.cast(pc.cast(values, pa.float32()), pa.string())
        return pc.cast(values, wanted, safe=False)
    try:
        numbers = pc.cast(values, wanted)
        if where.inferred_from is None or not some_like_ids(values):
            return numbers
    except pa.ArrowInvalid:
        pass
    text = _numbers_of_truths(_without_missing(values, where), where)
    if where.inferred_from is not None:
        like_ids = pc.match_substring_regex(text, r"^[+-]?0[\dxX]")
        text = where.fitting(text, pc.invert(like_ids), "float32")
    return pc.cast(where.fitting(text, _casts(text, wanted), "float32"), wanted)


def _without_missing(text: pa.Array, where: _Where) -> pa.Array:
    text = pc.utf8_trim_whitespace(where.decoded(text))
    missing = pc.is_in(text, MISSING_SPELLINGS)
    return pc.if_else(missing, pa.scalar(None, pa.string()), text)


def _numbers_of_truths(text: pa.Array, where: _Where) -> pa.Array:
    """True and false as the numbers that they are in a file that stores booleans."""
    if where.inferred_from is not None:
        return text
    text = pc.replace_substring_regex(text, "(?i)^true$", "1")
    return pc.replace_substring_regex(text, "(?i)^false$", "0")


def _longer(text: pa.Array, length: int) -> pa.Array:
    return pc.fill_null(pc.greater(pc.binary_length(text), length), False)


def _casts(text: pa.Array, arrow_type: pa.DataType) -> pa.Array:
    """Which texts are numbers of this type."""
    fits = []
    for value in text:
        try:
            pc.cast(value, arrow_type)
            fits.append(True)
        except pa.ArrowInvalid:
            fits.append(False)
    return pa.array(fits, pa.bool_())


def _is_fraction(text: str) -> bool:
    """Whether a text is a number, but no whole one."""
    try:
        return not float(text).is_integer()
    except (ValueError, OverflowError):
        return False


def _null_where(values: pa.Array, missing: str | int) -> pa.Array:
    found = pc.equal(values, pa.scalar(missing, values.type))
    if not pc.any(found).as_py():
        return values
    return pc.if_else(found, pa.scalar(None, values.type), values)
