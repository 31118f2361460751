"""The type of a column that nobody declares, from the values that it begins with."""

from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.values.id_spelling import some_like_ids
from infnet_keras.spec.sources import ColumnType

MISSING_SPELLINGS = pa.array(
    ["", "NA", "N/A", "n/a", "#N/A", "NULL", "null", "None", "NaN", "nan", "-nan", "\\N"]
)
INTEGER = r"^(?:0|-?[1-9]\d*)$"
"""How an integer is spelt that is no id with leading zeros."""
# Neither 007 nor 12345e07 nor 12345e67 is a number: nobody prints numbers so, but ids look so.
NUMBER = (
    r"^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+|\d(?:\.\d*)?[eE](?:[+-]\d+|[1-9]\d*|0)"
    r"|(?i:inf|infinity))$"
)


class Inferred(NamedTuple):
    """What a column seems to be.

    Attributes:
        type: None where no value was seen.
        file: where it was seen.
        row: of the value that says so, from 0.
        value: this value; None where the file declares its types.
    """

    type: ColumnType | None
    file: str
    row: int
    value: str | None

    def reason(self) -> str:
        """Why the column has this type, for errors."""
        if self.type is None:
            return f"{self.file} begins without a value of it"
        if self.value is None:
            return f"{self.file} stores {self.type}"
        return f"row {self.row + 1} of {self.file} holds {self.value!r}"


def inferred_from_text(values: pa.Array, file: str) -> Inferred:
    """What text seems to be; spellings of missing values say nothing.

    Args:
        values: text that may not be UTF-8, null where empty.
        file: where they stand, from its first row on.

    Example:
        >>> inferred_from_text(pa.array(["7", "nan", "1.5"]), "a.csv").type
        'float32'
        >>> inferred_from_text(pa.array(["7", "08"]), "a.csv").type
        'string'
    """
    if (first := _first_of_integers(values)) is not None:
        return Inferred("int64", file, first, values[first].as_py())
    try:
        text = pc.utf8_trim_whitespace(pc.cast(values.view(pa.binary()), pa.string()))
    except pa.ArrowInvalid:
        return Inferred("string", file, 0, "text that is not UTF-8")
    distinct = pc.unique(text.drop_null())
    distinct = distinct.filter(pc.invert(pc.is_in(distinct, MISSING_SPELLINGS)))
    if len(distinct) == 0:
        return Inferred(None, file, 0, None)
    whole = pc.match_substring_regex(distinct, INTEGER)
    number = pc.or_(whole, pc.match_substring_regex(distinct, NUMBER))
    found: ColumnType
    if not pc.all(number).as_py():
        found, saying = "string", pc.invert(number)
    elif not pc.all(whole).as_py():
        found, saying = "float32", pc.invert(whole)
    else:
        fits = pa.array([_fits_int64(value) for value in _long(distinct)], pa.bool_())
        found = "int64" if pc.all(fits).as_py() is not False else "string"
        saying = whole
    value = distinct.filter(saying)[0].as_py()
    return Inferred(found, file, pc.index(text, value).as_py(), value)


def _first_of_integers(values: pa.Array) -> int | None:
    """The row of the first value where all are integers, at the price of reading them; or None."""
    try:
        numbers = pc.cast(values, pa.int64())
    except pa.ArrowInvalid:
        return None
    if numbers.null_count == len(numbers) or some_like_ids(values):
        return None
    row: int = pc.index(numbers.is_valid(), True).as_py()
    return row


def merged(found: list[Inferred]) -> Inferred:
    """What a column is that several files hold: the widest of their types."""
    for column_type in ("string", "float32", "int64"):
        for one in found:
            if one.type == column_type:
                return one
    return found[0]


def _long(distinct: pa.Array) -> list[str]:
    long: list[str] = distinct.filter(pc.greater(pc.binary_length(distinct), 18)).to_pylist()
    return long


def _fits_int64(digits: str) -> bool:
    return -(2**63) <= int(digits) < 2**63
