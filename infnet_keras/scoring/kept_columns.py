"""What the output holds beside the scores: where a row stands, its keys, and what is kept."""

from collections.abc import Mapping, Sequence

import pyarrow as pa

from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.values.conversion import ARROW_TYPES, convert
from infnet_keras.errors import DataError
from infnet_keras.scoring.scorer import Scorer

FILE, ROW = "file", "row"


def kept_names(scorer: Scorer, headers: Sequence[Sequence[str]], keep: Sequence[str]) -> list[str]:
    """The columns of the table to keep: the keys that every file has, and those asked for.

    Args:
        scorer: says the keys and the tasks.
        headers: the columns of each file.
        keep: what is asked for.

    Raises:
        DataError: a name is taken by another column of the output.
    """
    spec = scorer.spec
    for task in scorer.tasks:
        if task in (FILE, ROW):
            raise DataError(f"the output has a column {task!r} of its own; rename the task")
    keys = [
        key
        for key in (spec.keys.user, spec.keys.item)
        if key is not None
        and all({key, spec.served_names.get(key, key)} & set(names) for names in headers)
    ]
    found = list(dict.fromkeys([*keys, *keep]))
    for name in found:
        if name in (FILE, ROW, *scorer.tasks):
            what = "the probability of a task" if name in scorer.tasks else "of its own"
            raise DataError(
                f"the output cannot keep column {name!r}: it has one of that name, {what}; rename "
                "the column"
            )
    return found


def kept_schema(
    scorer: Scorer, names: Sequence[str], stored: Mapping[str, pa.DataType | None]
) -> pa.Schema:
    """The columns of the output beside the scores: `file`, `row` and those that are kept.

    Args:
        scorer: says the types of inputs.
        names: what is kept.
        stored: the type that the first file itself gives each; None where all is text.
    """
    types = {raw.name: ARROW_TYPES[raw.dtype] for raw in scorer.inputs if raw.kind == "value"}
    for name in names:
        own = stored.get(name)
        if own is not None and pa.types.is_dictionary(own):
            own = own.value_type
        if own is not None and not pa.types.is_null(own):
            types[name] = own
    kept = [(name, types.get(name, pa.string())) for name in names]
    return pa.schema([(FILE, pa.string()), (ROW, pa.int64()), *kept])


def kept_table(schema: pa.Schema, file: str, block: Block, places: Mapping[str, str]) -> pa.Table:
    """What is kept of some rows.

    Args:
        schema: of `kept_schema`.
        file: what the output calls the file.
        block: the rows.
        places: name of a kept column -> the column of the file.

    Raises:
        DataError: a column is of another type than in the first file.
    """
    count = block.table.num_rows
    rows = pa.array(range(block.first_row, block.first_row + count), pa.int64())
    arrays = [pa.repeat(pa.scalar(file), count), rows]
    for name, column in places.items():
        arrays.append(_as_kept(block, column, name, schema.field(name).type))
    return pa.Table.from_arrays(arrays, schema=schema)


def _as_kept(block: Block, column: str, name: str, wanted: pa.DataType) -> pa.Array:
    """A column as the output holds it; what cannot be read as an input's type is null there too."""
    cells = block.table[column].combine_chunks()
    known = next((kind for kind, arrow in ARROW_TYPES.items() if arrow == wanted), None)
    if known is not None:
        return convert(cells, known, None, name, block.file, block.row, unreadable=[])
    try:
        return cells.cast(wanted)
    except pa.ArrowException as error:
        raise DataError(
            f"{block.file}: column {name!r} is of type {cells.type}, in other files of the table "
            f"of type {wanted}; store it alike"
        ) from error
