"""A model from one device to several, and back."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np


def distributed(model: Any) -> Any:
    """The same model in the present `keras.distribution`, with the state of its optimiser.

    Args:
        model: a built and compiled `SpecModel` on one device; it stays as it is.
    """
    return _copy(model)


def whole_model(model: Any) -> Any:
    """The same model as one device has it, in the memory of the host: tables whole, not padded.

    Args:
        model: a built `SpecModel`; one that lies on one device comes back as it is.
    """
    if not is_distributed(model):
        return model
    distribution = keras.distribution.distribution()
    keras.distribution.set_distribution(None)
    try:
        with in_host_memory():
            return _copy(model)
    finally:
        keras.distribution.set_distribution(distribution)


@contextmanager
def in_host_memory() -> Iterator[None]:
    """On JAX: where models are made that may be too large for one of the devices."""
    with keras.device("cpu:0"):
        yield


def is_distributed(model: Any) -> bool:
    """Whether a model lies on several devices of JAX."""
    return keras.backend.backend() == "jax" and any(
        len(variable.value.sharding.device_set) > 1 for variable in model.variables
    )


def _copy(model: Any) -> Any:
    copy = type(model).from_config(model.get_config())
    copy.build()
    copy.assets = model.assets
    copy.compile_from_config(model.get_compile_config() if model.compiled else {})
    _copy_values(model.variables, copy.variables)
    if model.compiled and model.optimizer.built:
        _copy_values(model.optimizer.variables, copy.optimizer.variables)
    return copy


def _copy_values(source: list[Any], target: list[Any]) -> None:
    """What differs in shape is rows of a table, with or without those that pad it."""
    for one, other in zip(source, target, strict=True):
        values = keras.ops.convert_to_numpy(one)
        if values.ndim:
            rows = other.shape[0]
            more = max(rows - len(values), 0)
            values = np.pad(values[:rows], [(0, more), *[(0, 0)] * (values.ndim - 1)])
        other.assign(values)
