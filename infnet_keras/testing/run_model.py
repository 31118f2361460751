"""Outputs of a model, the quick way of each backend."""

from collections.abc import Callable
from typing import Any

import keras


def run_model(model: keras.Model, inputs: Any) -> Any:
    """The model's outputs for one batch.

    Compiled on JAX, where an eager call compiles operation by operation, for longer; eager
    elsewhere.

    Args:
        model: a model that is built.
        inputs: a batch of its inputs.

    Returns:
        Its outputs, as tensors or NumPy arrays.
    """
    if keras.backend.backend() == "jax":
        return model.predict_on_batch(inputs)
    return model(inputs, training=False)


def run_function(function: Callable[[Any], Any], inputs: Any) -> Any:
    """What a function of tensors gives, another method of a built model: as `run_model`."""
    if keras.backend.backend() == "jax":
        import jax

        function = jax.jit(function)
    return function(inputs)
