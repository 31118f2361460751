"""`run_layer_test` fails for layers that break its rules."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.testing import run_layer_test

INPUTS = {"inputs": np.ones((4, 3), "float32")}


@keras.saving.register_keras_serializable(package="tests")
class Sound(keras.layers.Layer):
    """Keeps every rule; the layers below break one each."""

    def __init__(self, units=2, **kwargs):
        super().__init__(**kwargs)
        self.units = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")

    def call(self, inputs):
        return ops.matmul(inputs, self.kernel)

    def get_config(self):
        return {**super().get_config(), "units": self.units}


@keras.saving.register_keras_serializable(package="tests")
class ForgetsItsConfig(Sound):
    def get_config(self):
        return keras.layers.Layer.get_config(self)


@keras.saving.register_keras_serializable(package="tests")
class HasADeadWeight(Sound):
    def build(self, input_shape):
        super().build(input_shape)
        self.dead = self.add_weight((1,), name="dead")


@keras.saving.register_keras_serializable(package="tests")
class OverflowsInHalfPrecision(Sound):
    def call(self, inputs):
        return super().call(inputs) * 1e6 / 1e6


@keras.saving.register_keras_serializable(package="tests")
class LosesAWeight(Sound):
    def save_own_variables(self, store):
        store["0"] = ops.convert_to_numpy(self.kernel.value) * 0


@keras.saving.register_keras_serializable(package="tests")
class StaysInFloat32(Sound):
    def call(self, inputs):
        return ops.cast(super().call(inputs), "float32")


@keras.saving.register_keras_serializable(package="tests")
class ForgetsItsPolicy(Sound):
    def build(self, input_shape):
        super().build(input_shape)
        self.scale = keras.layers.Rescaling(1.0, name="scale")

    def call(self, inputs):
        return ops.cast(self.scale(super().call(inputs)), self.compute_dtype)


@keras.saving.register_keras_serializable(package="tests")
class SaysAnotherShape(Sound):
    def compute_output_spec(self, inputs):
        return keras.KerasTensor((*inputs.shape[:-1], 99), dtype=self.compute_dtype)


@keras.saving.register_keras_serializable(package="tests")
class SaysAnotherDtype(Sound):
    def compute_output_spec(self, inputs):
        return keras.KerasTensor((*inputs.shape[:-1], self.units), dtype="float32")


def test_a_sound_layer_passes(tmp_path):
    run_layer_test(Sound, {"units": 3}, INPUTS, tmp_path)


@pytest.mark.parametrize(
    ("layer_class", "message"),
    [
        (ForgetsItsConfig, "leaves out \\['units'\\]"),
        (HasADeadWeight, "dead is not trained"),
        (OverflowsInHalfPrecision, "mixed_float16"),
        (LosesAWeight, "Mismatched elements"),
        (StaysInFloat32, "mixed_bfloat16: output '' is float32, expected bfloat16"),
        (ForgetsItsPolicy, "sublayer scale has policy float32"),
        (SaysAnotherShape, "compute_output_spec says"),
        pytest.param(
            SaysAnotherDtype,
            "mixed_bfloat16: compute_output_spec says",
            marks=pytest.mark.backend("tensorflow", "jax"),
        ),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_broken_layer_fails(layer_class, message, tmp_path):
    with pytest.raises(AssertionError, match=message):
        run_layer_test(layer_class, {"units": 3}, INPUTS, tmp_path)


def test_exceptions_can_be_named(tmp_path):
    run_layer_test(StaysInFloat32, {"units": 3}, INPUTS, tmp_path, float32_outputs=[""])
    run_layer_test(ForgetsItsPolicy, {"units": 3}, INPUTS, tmp_path, other_policies=["scale"])
