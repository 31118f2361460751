"""Checks that hold any layer, model or export to this project's rules."""

from infnet_keras.testing.random_inputs import random_inputs

__all__ = ["random_inputs"]
