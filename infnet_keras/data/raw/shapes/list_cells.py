"""Cells that hold several elements, as Arrow lists."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.values.conversion import convert, inferred_type
from infnet_keras.data.raw.values.list_values import bracketed, elements_of, is_list
from infnet_keras.errors import DataError


def list_cells(
    block: Block, column: str, separator: str | None, key: str, *, drop_empty: bool
) -> pa.ListArray:
    """A column whose cells are lists, bracketed texts, or texts to be split at a separator.

    Args:
        block: rows of a file.
        column: of its table.
        separator: what separates the elements of a text; lists, and texts such as `[1, 2]`, need
            none.
        key: the key of the spec under which the column stands, for errors.
        drop_empty: whether an empty text between two separators is no element, instead of a
            missing one.

    Returns:
        Lists of texts, or of whatever the file's lists hold; null where a cell is missing.

    Raises:
        DataError: the cells are neither lists nor texts that can be split.

    Example:
        >>> block = Block("log.csv", 0, pa.table({"items": ["a b", None]}))
        >>> list_cells(block, "items", " ", "explode", drop_empty=True).to_pylist()
        [['a', 'b'], None]
    """
    cells = block.table[column].combine_chunks()
    if is_list(cells.type):
        return pc.cast(cells, pa.list_(cells.type.value_type))
    if pa.types.is_nested(cells.type) or inferred_type(cells.type) != "string":
        raise DataError(
            f"{block.file}: column {column!r} holds {cells.type}, neither lists nor text: `{key}` "
            "cannot take its cells apart"
        )
    texts = convert(cells, "string", None, column, block.file, block.row)
    texts = pc.if_else(pc.equal(pc.utf8_trim_whitespace(texts), ""), None, texts)
    in_brackets = pc.fill_null(bracketed(texts), False)
    if separator is None and not pc.all(pc.or_(in_brackets, texts.is_null())).as_py():
        raise DataError(
            f"{block.file}: column {column!r} holds text; give `separator` in `{key}`, what stands "
            "between its elements"
        )
    if not pc.any(in_brackets).as_py():
        return split(texts, separator or ",", drop_empty=drop_empty)  # without one all are missing
    rows = zip(texts.to_pylist(), in_brackets.to_pylist(), strict=True)
    lists: list[list[str | None] | None] = []
    for text, is_bracketed in rows:
        if text is None:
            lists.append(None)
            continue
        parts = elements_of(text) if is_bracketed else (text.split(separator or None))
        wanted = [part or None for part in parts]
        lists.append([part for part in wanted if part] if drop_empty else wanted)
    return pa.array(lists, pa.list_(pa.string()))


def split(texts: pa.Array, separator: str, *, drop_empty: bool) -> pa.ListArray:
    """Texts as lists of their parts; an empty part is dropped, or a missing value."""
    parts = pc.split_pattern(texts, separator)
    rows, values = rows_of(parts), parts.flatten()
    empty = pc.equal(values, "")
    if drop_empty:
        kept = pc.invert(empty)
        rows, values = rows[kept.to_numpy(zero_copy_only=False)], values.filter(kept)
    else:
        values = pc.if_else(empty, None, values)
    return collected(values, rows, parts.is_null())


def rows_of(lists: pa.ListArray) -> npt.NDArray[np.int64]:
    """int64, the row of each value of `lists.flatten()`."""
    return np.repeat(np.arange(len(lists)), lengths_of(lists))


def lengths_of(lists: pa.ListArray) -> npt.NDArray[np.int64]:
    """int64 [rows], how many values each row has; a missing list has none."""
    lengths = pc.fill_null(pc.list_value_length(lists), 0)
    return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)


def collected(values: pa.Array, rows: npt.NDArray[np.int64], missing: pa.Array) -> pa.ListArray:
    """Values as lists, one a row.

    Args:
        values: in the order of their rows.
        rows: int64 [values], the row of each.
        missing: bool [rows], which rows are null; they have no value.

    Example:
        >>> collected(pa.array([5, 6, 7]), np.array([0, 0, 2]), pa.array([False] * 3)).to_pylist()
        [[5, 6], [], [7]]
    """
    counts = np.bincount(rows, minlength=len(missing))
    offsets = pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32())
    return pa.ListArray.from_arrays(offsets, values, mask=missing)
