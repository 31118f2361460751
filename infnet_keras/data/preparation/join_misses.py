"""How many impressions a joined source does not know, and whether that can be meant."""

from collections.abc import Callable, Iterator, Mapping

from infnet_keras.data.preparation.counts import Counts
from infnet_keras.data.preparation.part_of import part_of
from infnet_keras.data.raw.columns import ColumnPlan
from infnet_keras.data.raw.joins.joined_sources import JoinedSources
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec

_WARNED, _REFUSED = 0.01, 0.99


def check_joins(
    spec: FeatureSpec, plan: ColumnPlan, counts: Counts, sources: Callable[[], JoinedSources]
) -> None:
    """Refuse joins that cannot be meant.

    Args:
        spec: what is prepared.
        plan: where columns come from.
        counts: of all partitions.
        sources: opens the sources, for the example of a key; called before an error alone.

    Raises:
        DataError: a joined source misses more than 99 % of the impressions, or none of them is
            found in a log that labels are found in, and the spec does not allow it.
    """
    rows = counts.log_rows
    for name in (*plan.joins, *plan.labels):
        missed = counts.joins_missed[name]
        refused = missed == rows if name in plan.labels else missed > _REFUSED * rows
        if refused and spec.sources[name].misses == "refused":
            line = join_line(spec, name, missed, rows)
            raise DataError(f"{line}{_examples(plan, name, counts, sources())}")


def join_lines(
    spec: FeatureSpec,
    missed: Mapping[str, int],
    rows: int,
    keys: Mapping[str, list[str]] | None = None,
) -> Iterator[str]:
    """A line for each joined source about the impressions that it does not know.

    Args:
        spec: with the sources.
        missed: impressions that each source does not know.
        rows: all impressions.
        keys: of each source a key that it does not have, where they are known.

    Example:
        >>> list(join_lines(load_spec("kuairand_pure"), {"users": 3, "videos": 0}, 100))[0]
        "warning: source 'users': 3 of 100 impressions (3.00 %) have a key that it lacks"
    """
    for name, count in missed.items():
        line = join_line(spec, name, count, rows)
        warned = name not in spec.found_in and count > _WARNED * rows
        if warned and keys is not None and name in keys:
            line = f"{line}, {_key(list(spec.sources[name].keys), keys[name])} for one"
        yield f"warning: {line}" if warned else line


def join_line(spec: FeatureSpec, name: str, missed: int, rows: int) -> str:
    """How many impressions a source knows, or does not know."""
    if name in spec.found_in:
        return f"source {name!r}: {part_of(rows - missed, rows, 'impressions')} are found in it"
    return f"source {name!r}: {part_of(missed, rows, 'impressions')} have a key that it lacks"


def _examples(plan: ColumnPlan, name: str, counts: Counts, sources: JoinedSources) -> str:
    is_joined = name in plan.joins
    keys = plan.joins[name] if is_joined else plan.labels[name]
    there = sources.tables[name].index if is_joined else sources.label_logs[name]
    return (
        f": the log has {_key(list(keys), counts.missed_keys.get(name))}, the source has "
        f"{_key(list(keys.values()), None if there.example is None else _spelt(there.example))}. "
        "Look for other types (`types` in both sources), leading zeros, blanks or a prefix, and at "
        "the columns that `join` names; if it is meant, say `misses: allowed` for the source"
    )


def _spelt(key: list[object]) -> list[str]:
    return [repr(value) for value in key]


def _key(columns: list[str], values: list[str] | None) -> str:
    if values is None:
        return f"no {' and '.join(columns)} at all"
    return ", ".join(f"{column} {value}" for column, value in zip(columns, values, strict=True))
