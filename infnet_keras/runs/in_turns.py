"""Calls that take turns, so that what slows the machine down for a while slows all of them."""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

Key = TypeVar("Key")

_WARM_UP = 5  # a step that torch records runs three times first, and is played from the fifth on


class Spread(NamedTuple):
    """Times of one call: the median and the quartiles, in milliseconds."""

    median: float
    low: float
    high: float


def in_turns(
    calls: Mapping[Key, Callable[[], Any]],
    rounds: int,
    after_round: Callable[[int], object] = lambda number: None,
) -> dict[Key, Spread]:
    """How long calls take, each made once a round, after five that are not counted.

    Every round begins with another call, so that none always follows the same one.

    Args:
        calls: what to call; each returns when its work is done.
        rounds: how often.
        after_round: called with the number of rounds that are done.

    Returns:
        Under each call's key, its times.

    Example:
        >>> list(in_turns({"a": lambda: None, "b": lambda: None}, rounds=3))
        ['a', 'b']
    """
    for call in calls.values():
        for _ in range(_WARM_UP):
            call()
    seconds: dict[Key, list[float]] = {key: [] for key in calls}
    keys = list(calls)
    for number in range(rounds):
        first = number % len(keys)
        for key in keys[first:] + keys[:first]:
            began = time.perf_counter()
            calls[key]()
            seconds[key].append(time.perf_counter() - began)
        after_round(number + 1)
    found = {}
    for key, values in seconds.items():
        low, median, high = np.quantile(np.asarray(values) * 1e3, [0.25, 0.5, 0.75]).tolist()
        found[key] = Spread(median, low, high)
    return found
