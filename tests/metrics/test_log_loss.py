import math

import numpy as np
import pytest
import sklearn.metrics
from hypothesis import given
from hypothesis import strategies as st

from infnet_keras.errors import DataError
from infnet_keras.metrics import log_loss


@given(st.lists(st.tuples(st.booleans(), st.floats(0.001, 0.999)), min_size=1, max_size=40))
def test_is_that_of_scikit_learn(rows):
    labels, probabilities = map(np.array, zip(*rows, strict=True))
    expected = sklearn.metrics.log_loss(labels, probabilities, labels=[False, True])
    assert log_loss(labels, probabilities) == pytest.approx(expected, rel=1e-12)


def test_drops_rows_without_a_label():
    assert log_loss([1, np.nan, 0], [0.5, np.nan, 0.75]) == pytest.approx(math.log(8) / 2)


def test_is_finite_where_a_certain_prediction_is_wrong():
    assert log_loss([1, 0], [0.0, 1.0]) == pytest.approx(-math.log(1e-7))
    assert log_loss([1, 0], [1.0, 0.0]) == pytest.approx(0.0, abs=1e-6)


def test_without_rows_is_nan():
    assert math.isnan(log_loss([], []))


def test_refuses_logits():
    with pytest.raises(DataError, match="logits"):
        log_loss([1, 0], [3.0, -1.0])
