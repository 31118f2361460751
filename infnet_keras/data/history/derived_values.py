"""Values that are computed from time and history instead of read."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from infnet_keras.data.history.column_values import ColumnValues
from infnet_keras.data.history.events import Events, earlier_count
from infnet_keras.data.history.group_histories import Days, GroupHistories, Spans
from infnet_keras.data.history.histories import Histories
from infnet_keras.features.calendar import SECOND
from infnet_keras.features.history_number import history_number
from infnet_keras.features.numpy.clock import (
    day_of_week,
    hour_of_day,
    local_day,
    parse_dates,
)
from infnet_keras.features.numpy.shared_values import count_shared, value_codes
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.fields import Derive, HistoryCount, HistoryRate


def derived_values(
    spec: FeatureSpec,
    events: Events,
    values: ColumnValues,
    holds: dict[str, npt.NDArray[np.bool_]],
    days: Days | None,
    groups: GroupHistories,
    histories: Callable[[str], Histories],
) -> dict[str, npt.NDArray[np.generic]]:
    """The value of every derived field at every event; what stands at history rows means nothing.

    Args:
        spec: which fields there are.
        events: the partition.
        values: its raw columns.
        holds: for each sequence, the events that belong to it.
        days: local day of every event; None for a log without time.
        groups: the histories over all users.
        histories: what every event's history of a behaviour holds, by the behaviour's name.

    Returns:
        int64 (hour, weekday) or float32 (NaN: missing), by field.
    """
    found: dict[str, npt.NDArray[np.generic]] = {}
    times = np.where(events.logged, events.times, 0)
    zone = spec.time.timezone
    spans: dict[str, Spans] = {}
    for name, field in spec.fields.items():
        derive = field.derive
        if derive == "hour_of_day":
            found[name] = hour_of_day(times, zone)
        elif derive == "day_of_week":
            found[name] = day_of_week(times, zone)
        elif isinstance(derive, Derive) and derive.days_since is not None:
            column = derive.days_since.column
            dates = pc.dictionary_encode(values.values(column))
            days_of_dates = parse_dates(dates.dictionary, derive.days_since, zone)
            dates_as_days = np.append(days_of_dates, np.float32(np.nan))
            which = pc.fill_null(dates.indices, len(dates.dictionary)).to_numpy()
            found[name] = local_day(times, zone).astype(np.float32) - dates_as_days[which]
        elif isinstance(derive, Derive) and derive.seconds_since is not None:
            found[name] = _seconds_since(holds[derive.seconds_since.sequence], events)
        elif field.crossed is not None:
            found[name] = _shared_with_history(spec, field.crossed, values, histories)
        elif field.history is not None:
            by = field.history.by
            if by is not None and by not in spans:
                assert days is not None  # the spec's checks ask for a time column
                spans[by] = groups.spans(values, by, days)
            found[name] = _from_history(field.history, events, holds, days, groups, spans)
    return found


def _seconds_since(holds: npt.NDArray[np.bool_], events: Events) -> npt.NDArray[np.float32]:
    """From the user's latest event that holds and has a time; NaN without one."""
    rows = np.where(holds & events.logged, np.arange(len(events)), -1)
    latest = np.maximum.accumulate(np.append(-1, rows))[events.history_end]
    seconds = (events.times - events.times[latest]) / SECOND
    return np.where(latest >= events.user_start, seconds, np.nan).astype(np.float32)


def _from_history(
    derive: HistoryCount | HistoryRate,
    events: Events,
    holds: dict[str, npt.NDArray[np.bool_]],
    days: Days | None,
    groups: GroupHistories,
    spans: dict[str, Spans],
) -> npt.NDArray[np.float32]:
    def earlier(sequence: str) -> npt.NDArray[np.int64]:
        if derive.until == "now":
            return earlier_count(holds[sequence], events.user_start, events.history_end)
        if derive.by is not None:
            return groups.earlier(spans[derive.by], sequence)
        assert days is not None  # the spec's checks ask for a time column
        return earlier_count(holds[sequence], events.user_start, events.day_end(days))

    return history_number(derive, earlier)


def _shared_with_history(
    spec: FeatureSpec,
    derive: HistoryCount | HistoryRate,
    values: ColumnValues,
    histories: Callable[[str], Histories],
) -> npt.NDArray[np.float32]:
    def shared(sequence: str) -> npt.NDArray[np.int64]:
        feature = spec.sequence_feature(sequence, str(derive.same))
        codes = value_codes(
            values.values(feature.column), feature.multivalue, feature.max_values, feature.column
        )
        history = histories(sequence)
        return count_shared(codes, codes[:, history.events], history.first, history.last)

    return history_number(derive, shared)
