"""The Keras metrics against the exact functions."""

import keras
import numpy as np
import pytest

from infnet_keras import metrics
from infnet_keras.errors import DataError
from infnet_keras.metrics.large_sums import added, total

EXACT = {
    "AUC": metrics.auc,
    "LogLoss": metrics.log_loss,
    "Calibration": metrics.calibration,
    "ExpectedCalibrationError": metrics.expected_calibration_error,
}
ROWS = 3000


def number(tensor) -> float:
    return float(keras.ops.convert_to_numpy(tensor))


def streamed(metric, labels, scores, weights=None, batch=1000) -> float:
    for start in range(0, len(labels), batch):
        part = slice(start, start + batch)
        weight = None if weights is None else weights[part]
        metric.update_state(labels[part], scores[part], sample_weight=weight)
    return number(metric.result())


def drawn(rows=ROWS, seed=0):
    """Labels, a sixth of them missing, and probabilities that know part of the truth."""
    draws = np.random.default_rng(seed)
    logits = draws.normal(-1.0, 1.5, rows)
    labels = (draws.random(rows) < 1 / (1 + np.exp(-logits))).astype("float32")
    labels[::6] = np.nan
    noisy = logits + draws.normal(size=rows)
    return labels, (1 / (1 + np.exp(-noisy))).astype("float32")


@pytest.mark.parametrize("name", EXACT)
def test_equals_the_exact_function(name):
    labels, probabilities = drawn()
    found = streamed(getattr(metrics, name)(), labels, probabilities, batch=1000)
    assert found == pytest.approx(EXACT[name](labels, probabilities), abs=1e-5)


@pytest.mark.parametrize("name", EXACT)
def test_weights_count_rows_several_times(name):
    labels, probabilities = drawn(1000)
    weights = np.random.default_rng(1).integers(0, 4, 1000)
    twice = np.repeat(np.arange(1000), weights)
    found = streamed(getattr(metrics, name)(), labels, probabilities, weights.astype("float32"))
    assert found == pytest.approx(EXACT[name](labels[twice], probabilities[twice]), abs=1e-5)


@pytest.mark.parametrize("name", EXACT)
def test_rows_without_a_label_may_hold_anything(name):
    metric = getattr(metrics, name)()
    labels, probabilities = drawn(100)
    expected = EXACT[name](labels, probabilities)
    probabilities[np.isnan(labels)] = np.nan
    weights = np.where(np.isnan(labels), np.nan, 1.0).astype("float32")
    assert streamed(metric, labels, probabilities, weights) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", EXACT)
def test_a_prediction_of_nan_shows(name):
    metric = getattr(metrics, name)()
    metric.update_state([1.0, 0.0, 1.0], [0.5, float("nan"), 0.75])
    assert np.isnan(number(metric.result()))


@pytest.mark.parametrize("name", EXACT)
def test_has_no_value_before_a_label_and_after_a_reset(name):
    metric = getattr(metrics, name)()
    assert np.isnan(number(metric.result()))
    metric.update_state([np.nan, np.nan], [0.1, 0.9])
    assert np.isnan(number(metric.result()))
    labels, probabilities = drawn(200)
    first = streamed(metric, labels, probabilities)
    metric.reset_state()
    assert np.isnan(number(metric.result()))
    assert streamed(metric, labels, probabilities) == first


@pytest.mark.parametrize("name", EXACT)
def test_keeps_a_state_of_fixed_size(name):
    metric = getattr(metrics, name)()
    before = [tuple(v.shape) for v in metric.variables]
    streamed(metric, *drawn(500))
    assert before == [tuple(v.shape) for v in metric.variables]


@pytest.mark.parametrize("name", EXACT)
def test_survives_serialisation(name):
    options = {"ExpectedCalibrationError": {"bins": 7}, "LogLoss": {"epsilon": 1e-3}}.get(name, {})
    metric = getattr(metrics, name)(name="watched", **options)
    copy = keras.metrics.deserialize(keras.metrics.serialize(metric))
    assert type(copy) is type(metric)
    assert copy.get_config() == {"name": "watched", "dtype": "float32", **options}


@pytest.mark.parametrize("name", EXACT)
def test_half_precision_is_cast_up(name):
    labels, probabilities = drawn(500)
    for dtype in ("float16", "bfloat16"):
        half = keras.ops.cast(probabilities, dtype)
        expected = EXACT[name](labels, keras.ops.convert_to_numpy(keras.ops.cast(half, "float32")))
        metric = getattr(metrics, name)(dtype=f"mixed_{dtype}")
        metric.update_state(labels, half)
        assert metric.dtype == "float32"
        assert number(metric.result()) == pytest.approx(expected, abs=1e-5)


def test_refuses_labels_and_predictions_of_different_size():
    with pytest.raises(DataError, match="one label per prediction"):
        metrics.AUC().update_state(np.zeros(3), np.zeros(4))


@pytest.mark.parametrize("name", ["fit", "evaluate"])
def test_is_compiled_with_the_model(name):
    labels, probabilities = drawn(1000)
    inputs = np.log(probabilities / (1 - probabilities))[:, None]
    labels = np.where(np.isnan(labels), 0.0, labels)[:, None].astype("float32")
    model = keras.Sequential([keras.Input((1,)), keras.layers.Activation("sigmoid")])
    model.add(keras.layers.Rescaling(1.0))
    model.compile("sgd", "mse", metrics=[getattr(metrics, each)() for each in EXACT])
    assert not model.run_eagerly
    if name == "evaluate":
        logs = model.evaluate(inputs, labels, batch_size=300, verbose=0, return_dict=True)
    else:
        history = model.fit(inputs, labels, batch_size=300, epochs=2, verbose=0).history
        logs = {key: values[-1] for key, values in history.items()}
    scores = model.predict(inputs, verbose=0)[:, 0]
    for each, exact in EXACT.items():
        key = getattr(metrics, each)().name
        assert logs[key] == pytest.approx(exact(labels[:, 0], scores), abs=1e-5), key


def adversarial():
    """Name -> labels and float32 scores, more of them than there are bins."""
    draws = np.random.default_rng(0)
    rows = 150_000
    latent = draws.normal(size=rows)
    labels = (draws.random(rows) < 1 / (1 + np.exp(2 - 3 * latent))).astype("float32")
    squeezed = 0.01 + 1e-4 * np.tanh(latent)
    outliers = np.where(draws.random(rows) < 1e-4, draws.integers(0, 2, rows), squeezed)
    ties = np.where(draws.random(rows) < 0.4, 0.3, 1 / (1 + np.exp(-latent)))
    by_label, by_score = np.argsort(labels, kind="stable"), np.argsort(latent)
    return {
        "squeezed": (labels, squeezed),
        "squeezed around a half": (labels, 0.5 + 1e-6 * np.tanh(latent)),
        "squeezed, with 0 and 1": (labels, outliers),
        "heavy ties among others": (labels, ties),
        "few values": (labels, np.round(np.tanh(latent), 1)),
        "saturated": (labels, 1 / (1 + np.exp(-20 * latent))),
        "huge logits": (labels, 1e30 * latent**3),
        "tiny logits": (labels, 1e-30 * latent),
        "separated": (labels, np.where(labels == 1, 0.6, 0.4) + 0.1 * draws.random(rows)),
        "negatives first": (labels[by_label], squeezed[by_label]),
        "ascending": (labels[by_score], squeezed[by_score]),
        "rare": ((draws.random(rows) < 2e-4 * (1 + latent**2)).astype("float32"), latent),
    }


# Eager JAX compiles every operation alone: what follows runs jitted there, as under `fit`.
def jitted(metric, labels, scores, batch):
    if keras.backend.backend() != "jax":
        return streamed(metric, labels, scores, batch=batch)
    import jax

    update = jax.jit(metric.stateless_update_state)
    state = [variable.value for variable in metric.variables]
    for start in range(0, len(labels), batch):
        part = slice(start, start + batch)
        state = update(state, labels[part], scores[part])
    return number(metric.stateless_result(state))


@pytest.mark.parametrize("case", adversarial())
def test_auc_is_within_1e_4_on_adversarial_scores(case):
    labels, scores = adversarial()[case]
    scores = scores.astype("float32")
    found = jitted(metrics.AUC(), labels, scores, batch=30_000)
    assert abs(found - metrics.auc(labels, scores)) < 1e-4


def test_auc_takes_a_batch_larger_than_its_bins():
    labels, scores = adversarial()["squeezed"]
    found = jitted(metrics.AUC(), labels, scores.astype("float32"), batch=len(labels))
    assert abs(found - metrics.auc(labels, scores.astype("float32"))) < 1e-4


def test_expected_calibration_error_of_more_scores_than_bins():
    labels, probabilities = drawn(150_000, seed=4)
    found = jitted(metrics.ExpectedCalibrationError(), labels, probabilities, batch=30_000)
    exact = metrics.expected_calibration_error(labels, probabilities)
    assert found == pytest.approx(exact, abs=1e-4)


def test_infinite_logits_are_the_largest():
    metric = metrics.AUC()
    metric.update_state([1.0, 1.0, 0.0, 0.0], [np.inf, 3.0, -np.inf, 5.0])
    assert number(metric.result()) == pytest.approx(0.75)


def test_counts_go_on_beyond_what_a_float32_counts():
    sums = keras.ops.convert_to_tensor([2.0**24, 0.0], "float32")
    for _ in range(40):
        sums = added(sums, 1.0)
    assert number(total(sums)) == 2**24 + 40
    assert float(np.float32(2**24) + np.float32(1.0)) == 2**24  # what it is for


def test_auc_and_calibration_notice_single_rows_among_many():
    weights = np.full(2, 2.0**25, "float32")
    auc, calibration = metrics.AUC(), metrics.Calibration()
    for metric in (auc, calibration):
        metric.update_state([0.0, 1.0], [0.25, 0.25], sample_weight=weights)
        for _ in range(2):
            metric.update_state(np.ones(512), np.full(512, 0.25))
    high, low = keras.ops.convert_to_numpy(auc.weights)[0, 1].astype("float64")
    assert high + low == 2**25 + 1024
    high, low = keras.ops.convert_to_numpy(calibration.sums)[1].astype("float64")
    assert high + low == 2**25 + 1024
