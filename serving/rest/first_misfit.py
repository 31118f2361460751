"""Finds the item that spoils a list."""

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def first_misfit(items: Sequence[Item], fit: Callable[[Sequence[Item]], bool]) -> int:
    """Index of the first item that does not fit, by halves.

    It takes about as long as one more look at all items, which one by one would take much longer.

    Args:
        items: at least one of which does not fit.
        fit: whether all the items of a part do.

    Example:
        >>> first_misfit([1, 2, "a", 3, "b"], lambda part: set(map(type, part)) == {int})
        2
    """
    low, high = 0, len(items)
    while high - low > 1:
        middle = (low + high) // 2
        if fit(items[low:middle]):
            low = middle
        else:
            high = middle
    return low
