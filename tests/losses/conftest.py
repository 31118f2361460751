"""Gradients on whichever backend runs."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest


@pytest.fixture
def gradient() -> Callable[[Callable[[Any], Any], np.ndarray], np.ndarray]:
    """The gradient of a scalar function of one array, at an array, as NumPy."""
    return _gradient


def _gradient(function: Callable[[Any], Any], at: np.ndarray) -> np.ndarray:
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        point = tf.Variable(at)
        with tf.GradientTape() as tape:
            result = function(tf.convert_to_tensor(point))
        return tape.gradient(result, point).numpy()
    if backend == "jax":
        import jax

        return np.asarray(jax.jit(jax.grad(function))(at))
    import torch

    point = torch.tensor(at, requires_grad=True)
    function(point).backward()
    return point.grad.numpy()
