"""One row of a file becomes several rows."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.list_cells import lengths_of, list_cells, split
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.errors import DataError
from infnet_keras.spec.row_shapes import Explode

MOST_ROWS = 1 << 17


def exploded(block: Block, rule: Explode, most_rows: int = MOST_ROWS) -> Iterator[Block]:
    """The rows that a block's rows pack, their other columns repeated.

    Args:
        block: rows of a file.
        rule: which cells hold several rows.
        most_rows: of a block that comes out, where a single row does not pack more.

    Raises:
        DataError: a row cannot be taken apart; names file, row and cell.

    Example:
        >>> rule = Explode(column="seen", separator=" ", into=["item", "click"], part_separator="-")
        >>> table = pa.table({"user": ["u1", "u2"], "seen": ["a-1 b-0", "c-0"]})
        >>> next(exploded(Block("log.csv", 0, table), rule)).table.to_pydict()
        {'user': ['u1', 'u1', 'u2'], 'item': ['a', 'b', 'c'], 'click': ['1', '0', '0']}
    """
    one = rule.column is not None
    lists = {
        column: list_cells(block, column, rule.separator, "explode", drop_empty=one)
        for column in rule.read
    }
    counts = _counts(block, lists)
    others = block.table.drop_columns(rule.read)
    for first, last in _slices(counts, most_rows):
        rows = np.repeat(np.arange(first, last), counts[first:last])
        elements = {c: cells.slice(first, last - first).flatten() for c, cells in lists.items()}
        if rule.column is not None and rule.into is not None:
            elements = _parts(block, rule, elements[rule.column], rows)
        repeated = {name: others[name].take(pa.array(rows)) for name in others.column_names}
        table = pa.table({**repeated, **elements})
        in_file = rows if block.file_rows is None else block.file_rows[rows]
        yield Block(block.file, block.first_row, table, in_file)


def _counts(block: Block, lists: dict[str, pa.ListArray]) -> npt.NDArray[np.int64]:
    """How many elements each row packs, the same in all of its lists."""
    lengths = {column: lengths_of(cells) for column, cells in lists.items()}
    (first, counts), *others = lengths.items()
    for column, others_counts in others:
        unequal = counts != others_counts
        if unequal.any():
            at = int(np.flatnonzero(unequal)[0])
            raise DataError(
                f"{block.file}: {block.row(at)} has {counts[at]} values in {first!r} and "
                f"{others_counts[at]} in {column!r}; the lists of `explode` have equal lengths: "
                "correct the row"
            )
    return counts


def _slices(counts: npt.NDArray[np.int64], most_rows: int) -> Iterator[tuple[int, int]]:
    """Runs of rows that pack no more than so many together."""
    ends = np.cumsum(counts)
    first = 0
    while first < len(counts):
        before = ends[first - 1] if first else 0
        last = max(int(np.searchsorted(ends, before + most_rows, side="right")), first + 1)
        yield first, last
        first = last


def _parts(
    block: Block, rule: Explode, elements: pa.Array, rows: npt.NDArray[np.int64]
) -> dict[str, pa.Array]:
    """The columns that elements are taken apart into."""
    names = list(rule.into or [])
    if pa.types.is_struct(elements.type):
        held = [elements.type.field(i).name for i in range(elements.type.num_fields)]
        for name in names:
            if name not in held:
                raise DataError(
                    f"{block.file}: an element of {rule.column!r} has {', '.join(held)}, but no "
                    f"{name!r}; correct `into` of `explode`"
                )
        found = {name: pc.struct_field(elements, name) for name in names}
        return {
            name: values.view(pa.string()) if pa.types.is_binary(values.type) else values
            for name, values in found.items()
        }
    if len(names) == 1:
        return {names[0]: elements}
    if rule.part_separator is None:
        raise DataError(
            f"{block.file}: the elements of {rule.column!r} are to become {', '.join(names)}; give "
            "`part_separator` in `explode`, what stands between their parts"
        )
    texts = convert(
        elements, "string", None, str(rule.column), block.file, lambda at: block.row(rows[at])
    )
    parts = split(texts, rule.part_separator, drop_empty=False)
    wrong = pc.fill_null(pc.not_equal(pc.list_value_length(parts), len(names)), True)
    if pc.any(wrong).as_py():
        at = pc.index(wrong, True).as_py()
        raise DataError(
            f"{block.file}: column {rule.column!r} holds {texts[at].as_py()!r} in "
            f"{block.row(int(rows[at]))}, which is not {rule.part_separator.join(names)}; correct "
            "the row, or `explode` in the spec"
        )
    return {name: pc.list_element(parts, i) for i, name in enumerate(names)}
