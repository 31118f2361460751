import math

import keras
import numpy as np
import pytest

from infnet_keras.models.optimizer import build_optimizer
from infnet_keras.spec.options import TrainingOptions


def as_numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def rate_at(optimizer, step):
    optimizer.iterations.assign(step)
    return float(as_numpy(optimizer.learning_rate))


@pytest.mark.parametrize(
    ("name", "expected"),
    [("adam", "Adam"), ("adamw", "AdamW"), ("adagrad", "Adagrad"), ("sgd", "SGD")],
)
def test_is_the_one_named(name, expected):
    optimizer = build_optimizer(TrainingOptions(optimizer=name, learning_rate=0.02), None)
    assert type(optimizer).__name__ == expected
    assert rate_at(optimizer, 1000) == pytest.approx(0.02)
    assert optimizer.global_clipnorm is None


@pytest.mark.parametrize("name", ["adam", "adamw", "adagrad", "sgd"])
def test_lowers_a_quadratic(name):
    point = keras.Variable(np.array([3.0, -2.0], "float32"))
    optimizer = build_optimizer(TrainingOptions(optimizer=name, learning_rate=0.1), None)
    for _ in range(3):
        optimizer.apply([keras.ops.convert_to_tensor(2 * as_numpy(point))], [point])
    assert np.linalg.norm(as_numpy(point)) < math.sqrt(13)


def test_clips_the_norm_of_the_whole_gradient():
    options = TrainingOptions(optimizer="sgd", learning_rate=1.0, clip_norm=0.5)
    points = [keras.Variable(np.zeros(shape, "float32")) for shape in ((2, 3), (4,))]
    gradients = [np.full((2, 3), 2.0, "float32"), np.full(4, -1.0, "float32")]
    build_optimizer(options, None).apply(
        [keras.ops.convert_to_tensor(g) for g in gradients], points
    )
    norm = math.sqrt(6 * 4 + 4)
    for point, gradient in zip(points, gradients, strict=True):
        np.testing.assert_allclose(as_numpy(point), -gradient * 0.5 / norm, rtol=1e-5)


def test_decays_weights_as_told():
    options = TrainingOptions(optimizer="adamw", learning_rate=0.1, weight_decay=0.5)
    point = keras.Variable(np.array([2.0], "float32"))
    build_optimizer(options, None).apply([keras.ops.zeros(1)], [point])
    np.testing.assert_allclose(as_numpy(point), [1.9], rtol=1e-6)


def test_warms_up_in_a_line_and_stays_there():
    options = TrainingOptions(learning_rate=0.1, schedule={"warmup_steps": 10})
    optimizer = build_optimizer(options, None)
    found = [rate_at(optimizer, step) for step in (0, 5, 10, 11, 10_000)]
    assert found == pytest.approx([0.0, 0.05, 0.1, 0.1, 0.1], rel=1e-5)
