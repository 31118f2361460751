"""Sums that go on counting where a float32 has stopped."""

from typing import Any

from keras import ops

_CARRY = 1024.0


def added(sums: Any, amounts: Any) -> Any:
    """Sums kept as two floats each, after an addition.

    A float32 that has reached 2^24 no longer feels an increment of 1. So a sum is a low part below
    1024, to which amounts are added, and a high part that holds the whole multiples of 1024 that
    are carried over: counts are exact up to 2^34 (17 thousand million), and amounts of any size are
    added with the precision of a float32 below 1024.

    Args:
        sums: float [..., 2], high and low parts.
        amounts: float [...].

    Returns:
        The new sums, float [..., 2].

    Example:
        >>> high, low = added(np.array([2.0**30, 0.0], "float32"), 1.0)
        >>> float(high), float(low)
        (1073741824.0, 1.0)
    """
    return carried(ops.stack([sums[..., 0], sums[..., 1] + amounts], axis=-1))


def carried(sums: Any) -> Any:
    """The same sums [..., 2] whose low parts are below 1024."""
    high, low = sums[..., 0], sums[..., 1]
    carry = ops.floor(low / _CARRY) * _CARRY
    return ops.stack([high + carry, low - carry], axis=-1)


def total(sums: Any) -> Any:
    """The sums [...] as one float each."""
    return sums[..., 0] + sums[..., 1]
