"""A few impressions as a server would send them: raw values, histories included."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data.examples.builder import ExampleBuilder
from infnet_keras.data.history.histories import Rows
from infnet_keras.data.history.splits import SPLITS
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.raw_inputs import RawInput, raw_inputs
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

MOST = 256
MISSING = {"int64": MISSING_INTEGER, "float32": float("nan"), "string": ""}
"""What stands for a missing value, by type."""


class Drawn(NamedTuple):
    """Examples drawn from one partition: validation and test impressions, and training ones."""

    held_out: pa.Table
    training: pa.Table


def draw(builder: ExampleBuilder, splits: npt.NDArray[np.int8], partitions: int) -> Drawn:
    """Draw impressions evenly from a partition; some of them have no history yet.

    Args:
        builder: the partition's examples.
        splits: of its events.
        partitions: how many there are, for the share of each.
    """
    each = -(-MOST // partitions)
    events = builder.partition.events
    empty = events.history_end == events.user_start
    held_out, training = (
        builder.table(_drawn(np.flatnonzero(wanted), empty, each))
        for wanted in (splits > SPLITS["train"], splits == SPLITS["train"])
    )
    return Drawn(held_out, training)


def raw_batch(
    spec: FeatureSpec, column_types: Mapping[str, ColumnType], drawn: list[Drawn]
) -> dict[str, list[Any]]:
    """A raw `predict` batch of what was drawn: validation and test, or else training impressions.

    Args:
        spec: what a request holds.
        column_types: types of its columns.
        drawn: by partition, in order.

    Returns:
        Lists by input name, missing values as `raw_inputs` says.
    """
    held_out = [each.held_out for each in drawn]
    training = [each.training for each in drawn]
    pieces = held_out if any(table.num_rows for table in held_out) else training
    table = pa.concat_tables(pieces).slice(0, MOST)
    inputs, served = raw_inputs(spec, column_types), spec.served_names
    first = {raw.sequence: raw.name for raw in reversed(inputs) if raw.kind == "sequence"}
    found: dict[str, list[Any]] = {}
    for raw in inputs:
        if raw.kind == "length":
            found[raw.name] = [
                len(history) for history in table[served[first[raw.sequence]]].to_pylist()
            ]
        elif raw.kind == "sequence":
            length = spec.sequences[str(raw.sequence)].length
            histories = table[served[raw.name]].to_pylist()
            found[raw.name] = [
                _plain(history, raw) + [MISSING[raw.dtype]] * (length - len(history))
                for history in histories
            ]
        else:
            found[raw.name] = _plain(table[served[raw.name]].to_pylist(), raw)
    return found


def _drawn(rows: Rows, empty: npt.NDArray[np.bool_], each: int) -> Rows:
    without = rows[empty[rows]][: max(each // 8, 1)]
    spread = rows[np.arange(each) * len(rows) // each] if len(rows) else rows
    first_without = np.concatenate([without, spread[~np.isin(spread, without)]])
    return np.unique(first_without[:each])


def _plain(values: list[Any], raw: RawInput) -> list[Any]:
    missing = MISSING[raw.dtype]
    return [missing if value is None else value for value in values]
