"""All columns of a row in one text, which tells repeats apart."""

import pyarrow as pa
import pyarrow.compute as pc


def row_text(table: pa.Table) -> pa.Array:
    """The text of each row: equal where all columns are.

    Args:
        table: columns of any type.

    Returns:
        large_binary, one value a row.

    Example:
        >>> len(pc.unique(row_text(pa.table({"a": [1, 1, 2], "b": [["x"], ["x"], ["x"]]}))))
        2
    """
    columns = (_text(table[name].combine_chunks()) for name in sorted(table.column_names))
    return pc.binary_join_element_wise(
        *columns, pa.scalar(b"\x1f", pa.large_binary()), null_handling="replace"
    )


def _text(values: pa.Array) -> pa.Array:
    if isinstance(values, pa.ExtensionArray):
        values = values.storage
    if pa.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pa.types.is_binary(values.type) or pa.types.is_string(values.type):
        return values.cast(pa.large_binary())
    try:
        return values.cast(pa.large_string()).cast(pa.large_binary())
    except pa.ArrowException:  # lists and the like
        spelt = [None if value is None else repr(value).encode() for value in values.to_pylist()]
        return pa.array(spelt, pa.large_binary())
