"""When the requests of an open loop leave."""

from typing import Literal

import numpy as np
import numpy.typing as npt

Process = Literal["poisson", "fixed"]


def arrival_times(
    rate: float, seconds: float, process: Process, seed: int, most: int
) -> npt.NDArray[np.float64]:
    """Times of arrivals at a rate.

    Args:
        rate: arrivals a second on average.
        seconds: how long they go on.
        process: "poisson", as many independent callers make them: a Poisson process, given that it
            has as many arrivals as it has on average; "fixed", equal gaps.
        seed: of the Poisson process.
        most: how many arrivals at most; they end earlier if that are fewer.

    Returns:
        Seconds since the start, ascending, all below `seconds`; at least one.

    Raises:
        ValueError: rate or seconds are not positive.

    Example:
        >>> arrival_times(4.0, 1.0, "fixed", seed=0, most=100)
        array([0.  , 0.25, 0.5 , 0.75])
    """
    if not (0 < rate < np.inf and 0 < seconds < np.inf):
        raise ValueError(f"rate and seconds must be positive, found {rate} and {seconds}")
    count = max(round(rate * seconds), 1)
    if count > most:
        count, seconds = most, most / rate
    if process == "fixed":
        return np.linspace(0.0, seconds, count, endpoint=False)
    return np.sort(np.random.default_rng(seed).uniform(0.0, seconds, count))
