"""Rows that name no user: nobody's history can hold them, so they are left out and counted."""

from collections.abc import Iterator, Mapping

import pyarrow as pa

from infnet_keras.data.history.events import FIRST_OTHER, HISTORY, LOG
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec

_REFUSED = 0.99


def rows_with_user(rows: pa.Table, user: str) -> pa.Table:
    """The rows whose user is not missing.

    Example:
        >>> rows_with_user(pa.table({"user": ["u1", None], "item": [7, 8]}), "user").to_pylist()
        [{'user': 'u1', 'item': 7}]
    """
    return rows.filter(rows[user].is_valid()) if rows[user].null_count else rows


def event_source_name(spec: FeatureSpec, source: int) -> str:
    """What the console calls a kind of events, by the number that stands as `:source`."""
    if source in (LOG, HISTORY):
        return spec.log_source if source == LOG else "history"
    return spec.event_sources[source - FIRST_OTHER]


def without_user_lines(without_user: Mapping[str, int]) -> Iterator[str]:
    """A line for each source some of whose rows name no user.

    Example:
        >>> list(without_user_lines({"events": 3, "purchases": 0}))
        ["warning: source 'events': 3 rows name no user and are left out"]
    """
    for name, rows in without_user.items():
        if rows:
            yield f"warning: source {name!r}: {rows:,} rows name no user and are left out"


def check_users(spec: FeatureSpec, rows: int, without_user: int) -> None:
    """Raise DataError where more than 99 % of the log's rows name no user: that cannot be meant."""
    if without_user > _REFUSED * rows:
        raise DataError(
            f"source {spec.log_source!r}: {without_user:,} of {rows:,} rows have no value of "
            f"{spec.keys.user!r}, which says whose they are; correct `keys.user`, or drop it if "
            "the log names no users"
        )
