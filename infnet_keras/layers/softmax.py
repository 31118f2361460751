"""Softmax over tokens of which there may be one."""

import warnings
from typing import Any

from keras import ops


def softmax(scores: Any) -> Any:
    """`ops.softmax` over the last axis, without Keras' warning where it has one place.

    That is what a model of one task has, and a history of one step.
    """
    if scores.shape[-1] != 1:
        return ops.softmax(scores, axis=-1)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are using a softmax over axis")
        return ops.softmax(scores, axis=-1)
