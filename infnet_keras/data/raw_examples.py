"""A few impressions as a server would send them: raw values, histories included."""

from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from infnet_keras.data import layout
from infnet_keras.data.column_values import ColumnValues, Rows
from infnet_keras.data.columns import ColumnPlan
from infnet_keras.data.events import Events, Positions
from infnet_keras.data.splits import SPLITS
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.raw_inputs import RawInput, raw_inputs
from infnet_keras.spec import FeatureSpec

MOST = 256
_MISSING = {"int64": MISSING_INTEGER, "float32": float("nan"), "string": ""}


class RawExamples:
    """Draws impressions evenly across partitions; some of them have no history yet.

    Validation and test impressions where there are any, else training ones.

    Args:
        spec: what a request holds.
        plan: types of its columns.
        partitions: how many times `add` will be called at most.
    """

    def __init__(self, spec: FeatureSpec, plan: ColumnPlan, partitions: int):
        self._spec = spec
        self._inputs = raw_inputs(spec, plan.types)
        self._each = -(-MOST // partitions)
        self._held_out: list[dict[str, list[Any]]] = []
        self._training: list[dict[str, list[Any]]] = []

    def add(
        self,
        events: Events,
        values: ColumnValues,
        derived: dict[str, npt.NDArray[Any]],
        holds: dict[str, npt.NDArray[np.bool_]],
        day_end: Positions | None,
        splits: npt.NDArray[np.int8],
    ) -> None:
        """Draw from one partition."""
        empty = events.history_end == events.user_start
        for found, wanted in (
            (self._held_out, splits > SPLITS["train"]),
            (self._training, splits == SPLITS["train"]),
        ):
            rows = self._drawn(np.flatnonzero(wanted), empty)
            if len(rows):
                found.append(self._batch(rows, events, values, derived, holds, day_end))

    def batch(self) -> dict[str, list[Any]]:
        """A raw `predict` batch: lists by input name, missing values as `raw_inputs` says."""
        pieces = self._held_out or self._training
        return {
            raw.name: [value for piece in pieces for value in piece[raw.name]][:MOST]
            for raw in self._inputs
        }

    def _drawn(self, rows: Rows, empty: npt.NDArray[np.bool_]) -> Rows:
        without = rows[empty[rows]][: max(self._each // 8, 1)]
        spread = rows[np.arange(self._each) * len(rows) // self._each] if len(rows) else rows
        first_without = np.concatenate([without, spread[~np.isin(spread, without)]])
        return np.unique(first_without[: self._each])

    def _batch(
        self,
        rows: Rows,
        events: Events,
        values: ColumnValues,
        derived: dict[str, npt.NDArray[Any]],
        holds: dict[str, npt.NDArray[np.bool_]],
        day_end: Positions | None,
    ) -> dict[str, list[Any]]:
        steps = {
            name: self._steps(name, rows, events, holds[name], day_end)
            for name, sequence in self._spec.sequences.items()
            if sequence.attributes
        }
        found: dict[str, list[Any]] = {}
        for raw in self._inputs:
            if raw.kind == "value":
                if raw.name in self._spec.fields and layout.derives_history(self._spec, raw.name):
                    found[raw.name] = derived[raw.name][rows].tolist()
                else:
                    found[raw.name] = _plain(values.values(raw.name, rows), raw)
                continue
            sequence, _, column = raw.name.partition("__")
            if raw.kind == "length":
                found[raw.name] = [len(positions) for positions in steps[sequence]]
            else:
                length = self._spec.sequences[sequence].length
                missing = [_MISSING[raw.dtype]]
                flat = iter(_plain(values.values(column, np.concatenate(steps[sequence])), raw))
                histories = [list(islice(flat, len(positions))) for positions in steps[sequence]]
                found[raw.name] = [
                    history + missing * (length - len(history)) for history in histories
                ]
        return found

    def _steps(
        self,
        name: str,
        rows: Rows,
        events: Events,
        holds: npt.NDArray[np.bool_],
        day_end: Positions | None,
    ) -> list[Rows]:
        sequence = self._spec.sequences[name]
        ends = events.history_end
        if sequence.until == "day":
            assert day_end is not None  # the spec's checks ask for a time column
            ends = day_end
        return [
            start + np.flatnonzero(holds[start:end])[-sequence.length :]
            for start, end in zip(events.user_start[rows], ends[rows], strict=True)
        ]


def _plain(values: pa.Array, raw: RawInput) -> list[Any]:
    missing = _MISSING[raw.dtype]
    return [missing if value is None else value for value in values.to_pylist()]
