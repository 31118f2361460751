import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import InformationTransfer

TASKS = np.random.default_rng(1).normal(size=(5, 3, 4)).astype("float32")


def test_each_task_weighs_what_it_is_handed_and_its_own():
    layer = InformationTransfer()
    layer.build(TASKS.shape)
    for index, weight in enumerate(layer.weights):
        weight.assign(np.random.default_rng(index).normal(0.0, 0.7, weight.shape))
    transfer, bias, value, key, query = (
        ops.convert_to_numpy(w.value)
        for w in (layer.transfer, layer.transfer_bias, layer.value, layer.key, layer.query)
    )
    found = ops.convert_to_numpy(layer(TASKS))
    for b in range(5):
        z = TASKS[b, 0]
        np.testing.assert_array_equal(found[b, 0], z)
        for t in (1, 2):
            handed = np.maximum(z @ transfer[t - 1] + bias[t - 1], 0.0)
            pair = [handed, TASKS[b, t]]
            powers = [np.exp((u @ key[t - 1]) @ (u @ query[t - 1]) / 2.0) for u in pair]
            z = sum(p * (u @ value[t - 1]) for p, u in zip(powers, pair, strict=True)) / sum(powers)
            np.testing.assert_allclose(found[b, t], z, rtol=1e-4, atol=1e-5)


def test_dropout_in_training_only():
    layer = InformationTransfer(dropout=0.5)
    still = [ops.convert_to_numpy(layer(TASKS, training=False)) for _ in range(2)]
    moved = ops.convert_to_numpy(layer(TASKS, training=True))
    np.testing.assert_array_equal(*still)
    assert np.abs(moved - still[0]).max() > 1e-3


def test_one_task_is_no_chain():
    with pytest.raises(ModelError, match="two tasks at least; found 1"):
        InformationTransfer()(TASKS[:, :1])
