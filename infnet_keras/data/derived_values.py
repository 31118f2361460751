"""Values that are computed from time and history instead of read."""

import numpy as np
import numpy.typing as npt
import pyarrow.compute as pc

from infnet_keras.data.column_values import ColumnValues
from infnet_keras.data.events import Events, Positions, earlier_count
from infnet_keras.features.clock import day_of_week, hour_of_day, local_day, parse_dates
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.fields import Derive, HistoryCount, HistoryRate


def derived_values(
    spec: FeatureSpec,
    events: Events,
    values: ColumnValues,
    holds: dict[str, npt.NDArray[np.bool_]],
    day_end: Positions | None,
) -> dict[str, npt.NDArray[np.generic]]:
    """The value of every derived field at every event; what stands at history rows means nothing.

    Args:
        spec: which fields there are.
        events: the partition.
        values: its raw columns.
        holds: for each sequence, the events that belong to it.
        day_end: where histories that end before the day end; None for a log without time.

    Returns:
        int64 (hour, weekday) or float32 (NaN: missing), by field.
    """
    found: dict[str, npt.NDArray[np.generic]] = {}
    times = np.where(events.logged, events.times, 0)
    zone = spec.time.timezone
    for name, field in spec.fields.items():
        derive = field.derive
        if derive == "hour_of_day":
            found[name] = hour_of_day(times, zone)
        elif derive == "day_of_week":
            found[name] = day_of_week(times, zone)
        elif isinstance(derive, Derive) and derive.days_since is not None:
            column = derive.days_since.column
            dates = pc.dictionary_encode(values.values(column))
            days = np.append(parse_dates(dates.dictionary, column), np.float32(np.nan))
            which = pc.fill_null(dates.indices, len(dates.dictionary)).to_numpy()
            found[name] = local_day(times, zone).astype(np.float32) - days[which]
        elif isinstance(derive, Derive):
            counted = derive.history_count or derive.history_rate
            assert counted is not None  # a Derive has exactly one of the three
            end = events.history_end
            if counted.until == "day":
                assert day_end is not None  # the spec's checks ask for a time column
                end = day_end
            found[name] = _from_history(counted, holds, events.user_start, end)
    return found


def _from_history(
    derive: HistoryCount | HistoryRate,
    holds: dict[str, npt.NDArray[np.bool_]],
    start: Positions,
    end: Positions,
) -> npt.NDArray[np.float32]:
    count = earlier_count(holds[derive.sequence], start, end)
    if isinstance(derive, HistoryCount):
        return count.astype(np.float32)
    of = earlier_count(holds[derive.of], start, end)
    with np.errstate(divide="ignore", invalid="ignore"):
        rate = (count + derive.strength * derive.prior) / (of + derive.strength)
    return np.where(of + derive.strength > 0, rate, np.nan).astype(np.float32)
