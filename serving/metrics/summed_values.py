"""The metrics of several processes, as if they were of one."""

from collections.abc import Mapping, Sequence
from typing import Any

from serving.metrics.histogram import Distribution
from serving.metrics.registry import Values

Labels = tuple[str, ...]


def summed_values(processes: Sequence[Values]) -> Values:
    """Add what several processes have counted under the same name and labels.

    Args:
        processes: the values of each process's registry; the same metrics in all of them.

    Returns:
        Values in the order of their names and labels.

    Example:
        >>> summed_values([{"/requests": {("half",): 3}}, {"/requests": {("half",): 4}}])
        {'/requests': {('half',): 7}}
    """
    names = sorted({name for values in processes for name in values})
    return {name: _summed([values.get(name, {}) for values in processes]) for name in names}


def _summed(cells: Sequence[Mapping[Labels, Any]]) -> dict[Labels, Any]:
    totals: dict[Labels, Any] = {}
    for values in cells:
        for labels, value in values.items():
            totals[labels] = _plus(totals[labels], value) if labels in totals else value
    return dict(sorted(totals.items()))


def _plus(left: Any, right: Any) -> Any:
    if isinstance(left, Distribution):
        buckets = [a + b for a, b in zip(left.buckets, right.buckets, strict=True)]
        return Distribution(buckets, left.total + right.total)
    return left + right
