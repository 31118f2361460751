import keras
import numpy as np
import pytest

from infnet_keras.errors import ModelError
from infnet_keras.losses import MaskedBinaryCrossentropy

LABELS = np.array([1.0, 0.0, np.nan, 1.0, np.nan], "float32")
PROBABILITIES = np.array([0.9, 0.2, 0.7, 0.05, 0.0], "float32")


def reference(labels, probabilities):
    """Mean of -log of the probability of what happened, over labelled rows, in float64."""
    losses = [
        -np.log(p if y == 1.0 else 1.0 - p)
        for y, p in zip(labels.astype(float), probabilities.astype(float), strict=True)
        if not np.isnan(y)
    ]
    return np.mean(losses) if losses else 0.0


def value(labels, probabilities, **kwargs):
    loss = MaskedBinaryCrossentropy()(labels, probabilities, **kwargs)
    return float(keras.ops.convert_to_numpy(loss))


def test_is_the_mean_over_labelled_rows():
    assert value(LABELS, PROBABILITIES) == pytest.approx(reference(LABELS, PROBABILITIES), 1e-6)


def test_is_zero_without_any_label():
    assert value(np.full(3, np.nan, "float32"), PROBABILITIES[:3]) == 0.0


def test_equals_keras_where_nothing_is_masked():
    labels = (np.random.rand(64) < 0.3).astype("float32")
    probabilities = np.random.uniform(0.01, 0.99, 64).astype("float32")
    keras_own = keras.losses.BinaryCrossentropy()(labels[:, None], probabilities[:, None])
    assert value(labels, probabilities) == pytest.approx(
        float(keras.ops.convert_to_numpy(keras_own)), 1e-5
    )


@pytest.mark.parametrize("probability", [0.0, 1.0])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_is_finite_for_a_saturated_probability(probability, label):
    loss = value(np.array([label], "float32"), np.array([probability], "float32"))
    if probability == label:
        assert loss == pytest.approx(0.0, abs=1e-6)
    else:
        assert loss == pytest.approx(-np.log(1e-7), 0.02)


def test_gradient_is_that_of_the_formula_and_zero_on_masked_rows(gradient):
    found = gradient(lambda p: MaskedBinaryCrossentropy()(LABELS, p), PROBABILITIES)
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = (PROBABILITIES - LABELS) / (PROBABILITIES * (1 - PROBABILITIES)) / 3
    expected[np.isnan(LABELS)] = 0.0
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_gradient_is_zero_and_not_nan_when_every_row_is_masked(gradient):
    labels = np.full(4, np.nan, "float32")
    probabilities = np.array([0.0, 0.5, 1.0, np.nan], "float32")
    found = gradient(lambda p: MaskedBinaryCrossentropy()(labels, p), probabilities)
    np.testing.assert_array_equal(found, np.zeros(4))


@pytest.mark.parametrize("logit", [-15.0, -8.0, 0.0, 8.0, 13.0])
def test_gradient_of_the_logit_survives_the_clipping(logit, gradient):
    for label in (0.0, 1.0):
        labels = np.array([label], "float32")
        found = gradient(
            lambda x, labels=labels: MaskedBinaryCrossentropy()(labels, keras.ops.sigmoid(x)),
            np.array([logit], "float32"),
        )
        # Near 1 a float32 probability has few digits left: the bound is that of p itself.
        assert found[0] == pytest.approx(1 / (1 + np.exp(-logit)) - label, rel=0.1, abs=1e-9)


def test_sample_weights_scale_the_rows_and_not_the_divisor():
    weights = np.array([2.0, 0.0, 5.0, 1.0, 1.0], "float32")
    expected = (2 * -np.log(0.9) - np.log(0.05)) / 3
    assert value(LABELS, PROBABILITIES, sample_weight=weights) == pytest.approx(expected, 1e-5)


def test_refuses_labels_that_would_broadcast():
    with pytest.raises(ModelError, match=r"\[batch\]"):
        MaskedBinaryCrossentropy()(LABELS[:, None], PROBABILITIES)


WEIGHTS = np.array([2.0, 0.5, 5.0, 0.0, np.nan], "float32")  # a masked row's may be anything


def plain(reduction, labels, probabilities, weights):
    """The reductions in a loop over the rows, in float64."""
    rows, total, labelled, weight_sum = np.zeros(len(labels)), 0.0, 0, 0.0
    for i, (y, p) in enumerate(zip(labels.astype(float), probabilities.astype(float), strict=True)):
        if np.isnan(y):
            continue
        weight = 1.0 if weights is None else float(weights[i])
        rows[i] = weight * -np.log(p if y == 1.0 else 1.0 - p)
        total, labelled, weight_sum = total + rows[i], labelled + 1, weight_sum + weight
    if reduction in (None, "none"):
        return rows
    divisor = {"sum": 1.0, "mean_with_sample_weight": weight_sum}.get(reduction, labelled)
    return total / divisor


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize(
    "reduction", ["sum_over_batch_size", "mean", "mean_with_sample_weight", "sum", "none", None]
)
def test_reductions_are_over_the_labelled_rows(reduction, weights):
    loss = MaskedBinaryCrossentropy(reduction=reduction)(
        LABELS, PROBABILITIES, sample_weight=weights
    )
    expected = plain(reduction, LABELS, PROBABILITIES, weights)
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loss), expected, rtol=1e-5)


@pytest.mark.parametrize("reduction", ["sum", "mean", "mean_with_sample_weight", "none"])
def test_no_reduction_is_nan_without_any_label(reduction):
    loss = MaskedBinaryCrossentropy(reduction=reduction)(
        np.full(3, np.nan, "float32"), PROBABILITIES[:3], sample_weight=np.ones(3, "float32")
    )
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(loss), np.zeros(np.shape(loss)))


@pytest.mark.parametrize("reduction", ["sum_over_batch_size", "mean_with_sample_weight", "sum"])
def test_reductions_equal_keras_where_nothing_is_masked(reduction):
    labels = (np.random.rand(64) < 0.3).astype("float32")[:, None]
    probabilities = np.random.uniform(0.01, 0.99, (64, 1)).astype("float32")
    weights = np.random.rand(64, 1).astype("float32")
    ours, theirs = (
        loss(reduction=reduction)(labels, probabilities, sample_weight=weights)
        for loss in (MaskedBinaryCrossentropy, keras.losses.BinaryCrossentropy)
    )
    assert float(ours) == pytest.approx(float(theirs), rel=1e-5)


def test_refuses_a_reduction_that_keras_does_not_have():
    with pytest.raises(ValueError, match="reduction"):
        MaskedBinaryCrossentropy(reduction="median")


def test_survives_serialisation():
    config = {"epsilon": 1e-3, "reduction": "sum", "name": "click", "dtype": "float64"}
    copy = keras.losses.deserialize(keras.losses.serialize(MaskedBinaryCrossentropy(**config)))
    assert copy.get_config() == config


def test_every_reduction_trains():
    keras.utils.set_random_seed(0)
    x, y = np.random.rand(32, 3).astype("float32"), np.full(32, np.nan, "float32")
    y[::2] = x[::2, 0] > 0.5
    for reduction in ("sum", "mean", "mean_with_sample_weight"):
        model = keras.Sequential([keras.layers.Dense(1, "sigmoid"), keras.layers.Flatten()])
        model.compile("sgd", MaskedBinaryCrossentropy(reduction=reduction))
        losses = model.fit(x, y[:, None], epochs=30, batch_size=8, verbose=0).history["loss"]
        assert losses[-1] < losses[0], reduction
