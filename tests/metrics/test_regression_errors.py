"""Errors of numbers against scikit-learn, and their bins against a sort."""

import math

import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error as sklearn_mae
from sklearn.metrics import root_mean_squared_error as sklearn_rmse

from infnet_keras.errors import DataError
from infnet_keras.metrics import (
    mean_absolute_error,
    mean_calibration,
    number_bins,
    root_mean_squared_error,
)


@pytest.fixture
def rows():
    random = np.random.default_rng(0)
    labels = random.exponential(40000.0, 500)
    labels[::7] = np.nan
    return labels, labels * 0.5 + random.normal(0, 9000, 500), random.integers(0, 4, 500) * 1.0


def test_they_are_those_of_scikit_learn(rows):
    labels, predictions, weights = rows
    predictions = np.where(np.isnan(labels), 0.0, predictions)
    known = ~np.isnan(labels)
    true, said, weigh = labels[known], predictions[known], weights[known]
    assert mean_absolute_error(labels, predictions) == pytest.approx(sklearn_mae(true, said))
    assert root_mean_squared_error(labels, predictions) == pytest.approx(sklearn_rmse(true, said))
    assert mean_absolute_error(labels, predictions, weights) == pytest.approx(
        sklearn_mae(true, said, sample_weight=weigh)
    )
    assert root_mean_squared_error(labels, predictions, weights) == pytest.approx(
        sklearn_rmse(true, said, sample_weight=weigh)
    )
    assert mean_calibration(labels, predictions) == pytest.approx(said.mean() / true.mean())


def test_deciles_are_tenths_of_the_rows_by_prediction():
    random = np.random.default_rng(1)
    labels, predictions = random.normal(5, 2, 1000), random.permutation(1000) / 7
    found = number_bins(labels, predictions)
    order = np.argsort(predictions).reshape(10, 100)
    np.testing.assert_array_equal(found.rows, np.full(10, 100))
    np.testing.assert_allclose(found.predicted, predictions[order].mean(axis=1))
    np.testing.assert_allclose(found.observed, labels[order].mean(axis=1))
    np.testing.assert_allclose(
        found.calibration, predictions[order].mean(axis=1) / labels[order].mean(axis=1)
    )


def test_equal_predictions_share_a_bin_and_a_mean_of_zero_has_no_ratio():
    found = number_bins([-1.0, 1.0, 4.0], [2.0, 2.0, 3.0])
    assert found.rows.tolist() == [2, 1]
    assert math.isnan(found.calibration[0])
    assert found.calibration[1] == 0.75


def test_without_labels_there_is_no_value():
    nothing = np.full(2, np.nan), np.zeros(2)
    for metric in (mean_absolute_error, root_mean_squared_error, mean_calibration):
        assert math.isnan(metric(*nothing))
    assert len(number_bins(*nothing).rows) == 0


def test_what_is_refused():
    with pytest.raises(DataError, match="at least one bin"):
        number_bins([1.0], [1.0], bins=0)
    with pytest.raises(DataError, match="not finite numbers"):
        mean_absolute_error([1.0], [math.inf])
