"""What became of the requests of one load, and its figures."""

from collections import Counter
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """What became of one request.

    Args:
        latency: seconds from when it was to be sent until its answer.
        lateness: seconds from when it was to be sent until it was.
        error: None for an answer, else the name of a status code.
    """

    latency: float
    lateness: float
    error: str | None = None


@dataclass(frozen=True)
class Figures:
    """The figures of one load.

    Args:
        requests: how many were to be sent.
        errors: status code -> how many ended with it.
        answered_per_second: answers over the time from the first request to the last answer.
        p50: milliseconds of latency, as are `p95`, `p99` and `longest`; infinite where that many
            requests have no answer.
        lateness_p99: milliseconds by which requests left later than they were to: more than a few
            mean that the machine of the load test, or its `--most-in-flight`, is the limit.
    """

    requests: int
    errors: dict[str, int]
    answered_per_second: float
    p50: float
    p95: float
    p99: float
    longest: float
    lateness_p99: float

    @property
    def failed(self) -> int:
        """How many requests have no answer."""
        return sum(self.errors.values())


def figures(outcomes: list[Outcome], seconds: float) -> Figures:
    """Summarise a load.

    A request without an answer counts as one that takes for ever, so that refusing requests makes
    no percentile better. Percentiles are latencies that occurred (the nearest rank).

    Args:
        outcomes: one for each request.
        seconds: from the first request to the last answer.

    Raises:
        ValueError: there are no outcomes.

    Example:
        >>> figures([Outcome(0.010, 0.0), Outcome(0.030, 0.0)], seconds=1.0).p50
        10.0
    """
    if not outcomes:
        raise ValueError("there are no requests to summarise")
    latencies = np.array([np.inf if o.error else o.latency * 1e3 for o in outcomes])
    p50, p95, p99 = np.percentile(latencies, (50, 95, 99), method="inverted_cdf")
    lateness = [outcome.lateness * 1e3 for outcome in outcomes]
    return Figures(
        requests=len(outcomes),
        errors=dict(Counter(outcome.error for outcome in outcomes if outcome.error)),
        answered_per_second=float(np.isfinite(latencies).sum() / seconds),
        p50=float(p50),
        p95=float(p95),
        p99=float(p99),
        longest=float(latencies.max()),
        lateness_p99=float(np.percentile(lateness, 99, method="inverted_cdf")),
    )
