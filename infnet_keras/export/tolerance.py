"""How far an exported model's answer may be from the model's own."""

from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.spec import FeatureSpec

TOLERANCE = 1e-5
"""Of a probability, and of a weight of attention."""


def tolerated(expected: npt.NDArray[Any], scale: float | None = None) -> npt.NDArray[np.float64]:
    """The largest difference allowed, number by number.

    Args:
        expected: the model's own answers.
        scale: of a regression, whose numbers are of any size; None: they are at most 1.

    Returns:
        float64 of the shape of `expected`: 1e-5, of a regression times its scale plus the number.

    Example:
        >>> tolerated(np.array([0.0, -40000.0]), 60000.0).round(6).tolist()
        [0.6, 1.0]
    """
    if scale is None:
        return np.full(expected.shape, TOLERANCE)
    return TOLERANCE * (scale + np.abs(expected.astype(np.float64)))


def answer_scales(spec: FeatureSpec) -> dict[str, float]:
    """The scale of every regression, as `tolerated` takes it."""
    return {name: task.answer_scale for name, task in spec.tasks.items() if not task.is_binary}
