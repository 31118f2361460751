"""The loss of a regression against its formula, row by row."""

import keras
import numpy as np
import pytest

from infnet_keras.errors import ModelError
from infnet_keras.losses import MaskedRegressionLoss

LABELS = np.array([90.0, -30.0, np.nan, 0.0, np.nan], "float32")
ANSWERS = np.array([60.0, 200.0, 7.0, 30.0, np.nan], "float32")
WEIGHTS = np.array([1.0, 3.0, 5.0, 0.5, 2.0], "float32")
SCALE = 60.0


def row_losses(error):
    """Of the labelled rows, in float64."""
    known = ~np.isnan(LABELS)
    errors = (ANSWERS[known].astype(float) - LABELS[known].astype(float)) / SCALE
    if error == "squared":
        return errors**2 / 2
    return np.array([e * e / 2 if abs(e) <= 1 else abs(e) - 0.5 for e in errors])


def value(error, **options):
    weights = options.pop("weights", None)
    loss = MaskedRegressionLoss(error, SCALE, **options)(LABELS, ANSWERS, weights)
    return keras.ops.convert_to_numpy(loss)


@pytest.mark.parametrize("error", ["huber", "squared"])
def test_every_reduction_is_over_the_labelled_rows(error):
    expected, weights = row_losses(error), WEIGHTS[~np.isnan(LABELS)]
    weighed = expected * weights
    assert value(error) == pytest.approx(expected.mean(), rel=1e-6)
    assert value(error, weights=WEIGHTS) == pytest.approx(weighed.mean(), rel=1e-6)
    mean = value(error, weights=WEIGHTS, reduction="mean_with_sample_weight")
    assert mean == pytest.approx(weighed.sum() / weights.sum(), rel=1e-6)
    assert value(error, reduction="sum") == pytest.approx(expected.sum(), rel=1e-6)
    rows = value(error, reduction=None)
    np.testing.assert_allclose(rows[~np.isnan(LABELS)], expected, rtol=1e-6)
    assert (rows[np.isnan(LABELS)] == 0).all()


def test_huber_is_that_of_keras():
    random = np.random.default_rng(3)
    labels, answers = random.normal(size=(2, 64)).astype("float32") * 3
    keras_own = keras.losses.Huber(delta=1.0)(labels[:, None], answers[:, None])
    found = MaskedRegressionLoss()(labels, answers)
    assert float(found) == pytest.approx(float(keras.ops.convert_to_numpy(keras_own)), rel=1e-5)


@pytest.mark.parametrize("error", ["huber", "squared"])
def test_the_gradient_is_that_of_the_formula_and_zero_on_masked_rows(error, gradient):
    found = gradient(lambda a: MaskedRegressionLoss(error, SCALE)(LABELS, a), ANSWERS)
    errors = (ANSWERS - LABELS) / SCALE
    slopes = np.clip(errors, -1, 1) if error == "huber" else errors
    expected = np.where(np.isnan(LABELS), 0.0, slopes / SCALE / 3)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_huge_error_has_a_finite_gradient(gradient):
    labels, answers = np.array([0.0], "float32"), np.array([1e30], "float32")
    assert gradient(lambda a: MaskedRegressionLoss()(labels, a), answers) == pytest.approx(1.0)


def test_it_is_zero_without_any_label():
    assert float(MaskedRegressionLoss()(np.full(3, np.nan, "float32"), ANSWERS[:3])) == 0.0


def test_its_config_gives_it_back():
    loss = MaskedRegressionLoss("squared", 60.0, reduction="sum")
    found = keras.losses.deserialize(keras.losses.serialize(loss))
    assert found.get_config() == loss.get_config()


@pytest.mark.parametrize(("error", "scale"), [("absolute", 1.0), ("huber", 0.0)])
def test_what_is_refused(error, scale):
    with pytest.raises(ModelError):
        MaskedRegressionLoss(error, scale)
