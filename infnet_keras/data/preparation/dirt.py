"""What a preparation found wrong with the logs, and what it did about it."""

from collections.abc import Iterator, Mapping

from infnet_keras.data.preparation.counts import Counts, spelling_of
from infnet_keras.data.preparation.join_misses import join_lines
from infnet_keras.data.preparation.part_of import part_of
from infnet_keras.data.preparation.rows_without_user import without_user_lines
from infnet_keras.spec import FeatureSpec


def dirt_lines(
    spec: FeatureSpec, counts: Counts, rows_read: int, without_user: Mapping[str, int]
) -> Iterator[str]:
    """A line for each kind of dirt that there is, with how much of the log it is.

    Args:
        spec: what is prepared.
        counts: of all partitions.
        rows_read: rows of the log's files.
        without_user: of each source of events, rows that name no user and are left out.
    """
    log = spec.log_source
    repeats = duplicates(spec, counts, rows_read, without_user)
    if repeats:
        rows = part_of(repeats, rows_read, "rows")
        yield f"source {log!r}: {rows} repeat another one and are dropped"
    yield from without_user_lines(without_user)
    yield from join_lines(spec, counts.joins_missed, counts.log_rows, counts.missed_keys)
    yield from unread_lines(spec, counts)
    for name, count in counts.later.items():
        if count:
            yield (
                f"sequence {name!r}: {count:,} events of ready-made histories were not before "
                "their impression and are dropped"
            )
    if counts.left_out:
        everything = counts.impressions["train"] + counts.left_out
        impressions = part_of(counts.left_out, everything, "training impressions")
        yield (
            f"sample: {impressions} have no positive label and are left out; those that stay weigh "
            "more"
        )
    for name, count in counts.unlabelled.items():
        if count:
            asked = counts.log_rows - counts.masked[name]
            impressions = part_of(count, asked, "impressions")
            mask = "" if spec.tasks[name].mask is None else " within its mask"
            yield f"task {name!r}: {impressions}{mask} have no label and teach it nothing"


def unread_lines(spec: FeatureSpec, counts: Counts) -> Iterator[str]:
    """A line for each field with values that cannot be read; see `dirt_lines`."""
    for name, count in counts.unread.items():
        impressions = part_of(count, counts.log_rows, "impressions")
        value, becomes, advice = counts.unread_values[name], "out of vocabulary", ""
        if name in spec.dates:
            becomes = "missing"
            advice = f"; if all dates are spelt so, {spelling_of(value)} for it"
        yield (
            f"warning: field {name!r}: {impressions} hold a value that cannot be read, {value!r} "
            f"for one; it counts as {becomes}{advice}"
        )


def duplicates(
    spec: FeatureSpec, counts: Counts, rows_read: int, without_user: Mapping[str, int]
) -> int:
    """Rows of the log that repeat another one in every column, and are dropped."""
    return rows_read - without_user[spec.log_source] - counts.log_rows
