"""Mean and standard deviation of numbers, gathered part by part."""

import math

import numpy as np
import numpy.typing as npt

from infnet_keras.features.number_spread import NumberSpread


class NumberMoments:
    """The mean and the deviation of numbers that come in parts, in memory of a few floats.

    Each part is summed around its own mean, so that nothing cancels: how numbers are divided into
    parts changes the result by rounding errors of float64 alone.

    Example:
        >>> moments = NumberMoments()
        >>> moments.add(np.array([1.0, np.nan, 2.0]))
        >>> moments.add(np.array([6.0]))
        >>> moments.spread().mean
        3.0

    Reference:
        Chan, Golub and LeVeque, Updating formulae and a pairwise algorithm for computing sample
        variances, 1979.
    """

    def __init__(self) -> None:
        self._count = 0
        self._mean = 0.0
        self._squares = 0.0  # sum of squared distances from the mean

    def add(self, numbers: npt.NDArray[np.float64]) -> None:
        """Take numbers in; NaN and infinity are none."""
        finite = numbers[np.isfinite(numbers)]
        if not len(finite):
            return
        mean = float(finite.mean())
        squares = float(np.square(finite - mean).sum())
        count = self._count + len(finite)
        step = mean - self._mean
        self._squares += squares + step * step * (self._count * len(finite) / count)
        self._mean += step * (len(finite) / count)
        self._count = count

    def spread(self) -> NumberSpread:
        """Of all numbers so far; 0 and 0 where there are none."""
        return NumberSpread(self._mean, math.sqrt(self._squares / max(self._count, 1)))
