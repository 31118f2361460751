"""Checks that hold any layer, model or export to this project's rules."""

from infnet_keras.testing.export_test import run_export_test
from infnet_keras.testing.layer_test import run_layer_test
from infnet_keras.testing.model_saving_test import run_model_saving_test
from infnet_keras.testing.model_test import run_model_test
from infnet_keras.testing.random_inputs import random_inputs

__all__ = [
    "random_inputs",
    "run_export_test",
    "run_layer_test",
    "run_model_saving_test",
    "run_model_test",
]
