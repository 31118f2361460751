"""`run_model_saving_test` fails for models that do not survive a file."""

import keras
import numpy as np
import pytest

from infnet_keras.testing import run_model_saving_test

INPUTS = {"x": np.ones((4, 3), "float32")}


@keras.saving.register_keras_serializable(package="tests")
class Whole(keras.Model):
    def __init__(self, scale=1.0, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale
        self.dense = keras.layers.Dense(2)

    def build(self, input_shape):
        self.dense.build(input_shape["x"])

    def call(self, inputs):
        return {"y": self.dense(inputs["x"]) * self.scale}

    def get_config(self):
        return {**super().get_config(), "scale": self.scale}


@keras.saving.register_keras_serializable(package="tests")
class ForgetsItsScale(Whole):
    def get_config(self):
        return {**super().get_config(), "scale": 1.0}


@keras.saving.register_keras_serializable(package="tests")
class HoldsStateOutsideItsWeights(Whole):
    made = 0

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        type(self).made += 1
        self.number = self.made

    def call(self, inputs):
        return {"y": super().call(inputs)["y"] + self.number}


@keras.saving.register_keras_serializable(package="tests")
class LosesItsWeights(Whole):
    def build(self, input_shape):
        super().build(input_shape)
        self.offset = self.add_weight((2,), "ones", name="offset")

    def save_own_variables(self, store):
        store["0"] = np.zeros(2, "float32")


def make(model_class):
    model = model_class(scale=2.0)
    model.build({"x": (None, 3)})
    return model


def test_a_whole_model_passes(tmp_path):
    loaded = run_model_saving_test(make(Whole), INPUTS, tmp_path)
    assert loaded.scale == 2.0


@pytest.mark.parametrize(
    ("model_class", "message"),
    [
        (ForgetsItsScale, "output y"),
        (HoldsStateOutsideItsWeights, "output y"),
        (LosesItsWeights, "offset"),
    ],
)
def test_a_model_that_changes_fails(model_class, message, tmp_path):
    with pytest.raises(AssertionError, match=message):
        run_model_saving_test(make(model_class), INPUTS, tmp_path)
