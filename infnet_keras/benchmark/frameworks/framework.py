"""The bare framework beneath the Keras backend that runs."""

from importlib import import_module
from typing import Any

import keras


def arrays() -> Any:
    """The module of array operations of the running backend's framework."""
    return import_module(f"{__package__}.{keras.backend.backend()}_arrays")


def steps() -> Any:
    """The module that compiles forward passes and training steps in it."""
    return import_module(f"{__package__}.{keras.backend.backend()}_steps")
