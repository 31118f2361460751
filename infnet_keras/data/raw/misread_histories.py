"""Sequence attributes whose cells look like histories themselves."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.files.block import Block
from infnet_keras.data.raw.shapes.list_cells import rows_of, split
from infnet_keras.data.raw.values.conversion import convert
from infnet_keras.data.raw.values.list_values import is_list
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

_BETWEEN = r"[ ,;|\t\x01]+"
_MOST_ROWS = 4096


def misread_histories(spec: FeatureSpec, plan: ColumnPlan) -> list[str]:
    """A warning for each sequence that collects a cell which seems to be a history already.

    A history made of events takes one value of each earlier event. A column whose cells list
    several of the log's own items is more likely the ready-made history of its impression.

    Args:
        spec: what is read.
        plan: where columns come from.
    """
    suspects = {
        column: name
        for name, sequence in spec.sequences.items()
        for column in sequence.attributes
        if sequence.column is None
        and column != spec.keys.item
        and plan.owner[column] == spec.log_source
    }
    if not suspects:
        return []
    item = spec.keys.item
    block = next(iter(plan.files[spec.log_source].blocks([item, *suspects])), None)
    if block is None:
        return []
    items = pc.unique(convert(block.table[item], "string", None, item, block.file, block.row))
    found = []
    for column, name in suspects.items():
        separator = plan.separators.get(column)
        example = _listing(block, column, plan.types[column], separator, items)
        if example is not None:
            found.append(
                f"sequence {name!r} collects {column!r} from each earlier event, and its cells "
                f"list several items ({example!r} in the log): if a cell is the history of its "
                f"own impression, say `column: {column}` and `attributes: {{{item}: ...}}`"
            )
    return found


def _listing(
    block: Block, column: str, column_type: ColumnType, separator: str | None, items: pa.Array
) -> object:
    """A cell of several items, where most of what cells hold are items; else None."""
    cells = block.table[column].slice(0, _MOST_ROWS).combine_chunks()
    if is_list(cells.type):
        lists = pc.cast(cells, pa.list_(cells.type.value_type))
    elif column_type != "string" or pa.types.is_nested(cells.type):
        return None
    else:
        cells = convert(cells, "string", separator, column, block.file, block.row)
        if separator is not None:
            lists = split(cells, separator, drop_empty=True)
        else:
            lists = pc.split_pattern_regex(cells, _BETWEEN)
    rows = rows_of(lists)
    if len(rows) == 0 or pa.types.is_nested(lists.type.value_type):
        return None
    elements = convert(lists.flatten(), "string", None, column, block.file)
    known = pc.is_in(elements, value_set=items.drop_null())
    several = np.flatnonzero(np.bincount(rows, minlength=len(lists)) > 1)
    if not len(several) or pc.mean(known).as_py() < 0.5:
        return None
    return cells[int(several[0])].as_py()
