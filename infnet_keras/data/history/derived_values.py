"""Values that are computed from time and history instead of read, at every event of a partition.

What a served request is to compute itself, the kernels of `features.numpy` compute here too. What
it sends has a kernel here for each kind: only the log's events tell it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.event_rows import EventRows
from infnet_keras.features.calendar import SECOND
from infnet_keras.features.history_number import history_number
from infnet_keras.features.numpy.derived import derived
from infnet_keras.features.transform_plan import TransformPlan
from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.derived.history import HistoryCount, HistoryRate
from infnet_keras.spec.derived.since import SecondsSince


def derived_values(plan: TransformPlan, rows: EventRows) -> dict[str, npt.NDArray[Any]]:
    """The value of every derived field at every event; what stands at history rows means nothing.

    Args:
        plan: which fields there are.
        rows: the events.

    Returns:
        int64 [events] of a local time, else float32 [events] (NaN: missing), by field.
    """
    found = {}
    for step in plan.fields:
        kind = step.derivation
        if kind is not None:
            found[step.name] = SENT[type(kind)](kind, rows) if step.is_sent else derived(kind, rows)
    return found


def _seconds_since(kind: SecondsSince, rows: EventRows) -> npt.NDArray[np.float32]:
    """From the user's latest event that holds and has a time; NaN without one."""
    events = rows.events
    at = np.where(rows.holds[kind.sequence] & events.timed, np.arange(len(events)), -1)
    latest = np.maximum.accumulate(np.append(-1, at))[events.history_end]
    seconds = (events.times - events.times[latest]) / SECOND
    return np.where(latest >= events.user_start, seconds, np.nan).astype(np.float32)


def _history(kind: HistoryCount, rows: EventRows) -> npt.NDArray[np.float32]:
    by = kind.by
    if by is not None:
        return history_number(kind, lambda sequence: rows.everybodys(sequence, by))
    return history_number(kind, rows.earlier if kind.until == "now" else rows.before_today)


SENT: dict[type[Derivation], Callable[[Any, EventRows], npt.NDArray[np.float32]]] = {
    HistoryCount: _history,
    HistoryRate: _history,
    SecondsSince: _seconds_since,
}
