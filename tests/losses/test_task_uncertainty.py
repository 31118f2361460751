import keras
import numpy as np
import pytest

from infnet_keras.losses import TaskUncertainty

LOSSES = {"click": np.array(0.6, "float32"), "like": np.array(0.1, "float32")}


def numpy_of(tensor):
    return keras.ops.convert_to_numpy(tensor)


def layer_at(log_variances):
    layer = TaskUncertainty(["click", "like"])
    layer.build()
    layer.log_variances.assign(log_variances)
    return layer


def test_is_the_plain_sum_at_the_start():
    assert float(numpy_of(TaskUncertainty(["click", "like"])(LOSSES))) == pytest.approx(0.7)


def test_is_the_formula():
    s = np.array([0.4, -1.3], "float32")
    expected = 0.6 * np.exp(-0.4) + 0.2 + 0.1 * np.exp(1.3) - 0.65
    assert float(numpy_of(layer_at(s)(LOSSES))) == pytest.approx(expected, rel=1e-6)


def test_a_task_without_labels_leaves_the_sum():
    s = np.array([0.4, -1.3], "float32")
    found = layer_at(s)(LOSSES, {"click": np.array(True), "like": np.array(False)})
    assert float(numpy_of(found)) == pytest.approx(0.6 * np.exp(-0.4) + 0.2, rel=1e-6)


def test_gradients_of_the_losses_are_the_precisions(gradient):
    s = np.array([0.4, -1.3], "float32")
    layer = layer_at(s)
    found = gradient(
        lambda x: layer({"click": x[0], "like": x[1]}), np.array([0.6, 0.1], "float32")
    )
    np.testing.assert_allclose(found, np.exp(-s), rtol=1e-6)


def test_gradients_of_the_log_variances(gradient):
    s = np.array([0.4, -1.3], "float32")
    layer = layer_at(s)

    def total(log_variances):
        with keras.StatelessScope(state_mapping=[(layer.log_variances, log_variances)]):
            return layer(LOSSES)

    np.testing.assert_allclose(
        gradient(total, s), 0.5 - np.array([0.6, 0.1]) * np.exp(-s), rtol=1e-6
    )


def test_refuses_losses_of_other_tasks():
    with pytest.raises(ValueError, match="like"):
        TaskUncertainty(["click"])(LOSSES)


def test_survives_serialisation():
    layer = TaskUncertainty(["click", "like"], name="balance")
    copy = TaskUncertainty.from_config(layer.get_config())
    assert (copy.tasks, copy.name) == (["click", "like"], "balance")
