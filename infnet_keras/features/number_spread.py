"""How the values of a numeric field spread, and what a value is standardised to: the definition."""

from typing import NamedTuple

import numpy as np

LARGEST = float(np.finfo(np.float32).max)
"""Infinity, which a float beyond float32 is too, counts as this number when it is standardised."""
NO_DEVIATION = 1e-12
"""Values that differ by less than this share of their mean are all alike: the rest is rounding."""


class NumberSpread(NamedTuple):
    """Mean and standard deviation of a field's values, as `Numeric.transform` leaves them.

    Every engine computes, in float64, transform(x) between -`LARGEST` and `LARGEST`; then
    (transform(x) - mean) * scale, cut at `Numeric.clip`; and rounds it to float32. Integers are
    taken as they are, floats as float32, subnormal ones as 0. So no infinity reaches a model, and
    NaN says that a value is missing, and nothing else.

    Attributes:
        mean: of the training impressions that have a finite value; 0 where none has.
        deviation: the standard deviation of all these values (not of a sample of them).

    Example:
        >>> NumberSpread(10.0, 4.0).scale
        0.25
    """

    mean: float
    deviation: float

    @property
    def scale(self) -> float:
        """1 / deviation; 0 where training saw one value alone: all others count as that one."""
        return 1 / self.deviation if self.deviation > NO_DEVIATION * abs(self.mean) else 0.0
