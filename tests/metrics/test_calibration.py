import math

import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.metrics import calibration, calibration_bins, expected_calibration_error


def test_calibration_is_predicted_over_observed():
    assert calibration([1, 0, np.nan, 1, 0], [0.5, 0.5, 0.9, 0.75, 0.25]) == 1.0
    assert calibration([1, 0, 0, 0], [0.5, 0.5, 0.25, 0.25]) == 1.5


def test_calibration_without_positives_is_nan():
    assert math.isnan(calibration([0, 0], [0.5, 0.5]))
    assert math.isnan(calibration([], []))


def test_bins_hold_about_the_same_number_of_rows():
    rng = np.random.default_rng(0)
    probabilities = rng.random(1000) ** 4
    bins = calibration_bins(rng.random(1000) < probabilities, probabilities, 8)
    assert bins.rows.sum() == 1000
    assert set(bins.rows) == {125}
    assert (np.diff(bins.predicted) > 0).all()
    # By hand: the rows in order, cut into eight.
    np.testing.assert_allclose(bins.predicted, np.sort(probabilities).reshape(8, 125).mean(axis=1))


def test_equal_probabilities_stay_in_one_bin_whatever_the_order():
    probabilities = np.repeat([0.1, 0.2, 0.3], [7, 80, 13])
    labels = np.arange(100) % 3 == 0
    order = np.random.default_rng(3).permutation(100)
    one = calibration_bins(labels, probabilities, 20)
    other = calibration_bins(labels[order], probabilities[order], 20)
    np.testing.assert_allclose(one.predicted, [0.1, 0.2, 0.3])
    np.testing.assert_array_equal(one.rows, [7, 80, 13])
    np.testing.assert_array_equal(one.observed, other.observed)


def test_expected_calibration_error_by_hand():
    labels, probabilities = [1, 0, 1, 1, np.nan], [0.25, 0.25, 0.75, 0.75, 0.1]
    assert expected_calibration_error(labels, probabilities, bins=2) == 0.25


def test_expected_calibration_error_of_calibrated_probabilities_is_small():
    rng = np.random.default_rng(0)
    probabilities = rng.random(50_000)
    labels = rng.random(50_000) < probabilities
    assert expected_calibration_error(labels, probabilities) < 0.01
    assert expected_calibration_error(labels, probabilities**2) > 0.1


def test_constant_probability_is_one_bin():
    assert expected_calibration_error([1, 0, 0, 0], [0.5] * 4) == 0.25


def test_edges():
    assert math.isnan(expected_calibration_error([np.nan], [0.5]))
    assert len(calibration_bins([], []).rows) == 0
    with pytest.raises(DataError, match="bin"):
        calibration_bins([1], [0.5], bins=0)
    with pytest.raises(DataError, match="logits"):
        expected_calibration_error([1, 0], [0.5, 1.5])
    with pytest.raises(DataError, match="not finite"):
        calibration([1, 0], [0.5, np.nan])
