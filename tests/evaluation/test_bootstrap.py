import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infnet_keras.evaluation.bootstrap import ResampledTask, interval, user_multiplicities
from infnet_keras.metrics import auc, grouped_auc

ROWS = st.lists(
    st.tuples(st.sampled_from([0.0, 1.0, math.nan]), st.integers(0, 5), st.integers(0, 3)),
    min_size=1,
    max_size=60,
)


@given(ROWS, st.lists(st.integers(0, 3), min_size=4, max_size=4))
def test_is_the_metric_of_the_rows_drawn(rows, drawn):
    """By hand: a user drawn twice is two users with the same rows."""
    labels, scores, users = np.array(rows).T
    users = users.astype(int)
    copies = [
        (labels[users == user], scores[users == user] / 10, np.full(sum(users == user), number))
        for number, user in enumerate(np.repeat(range(4), drawn))
    ]
    expected_auc = expected_gauc = math.nan
    if copies:
        row_labels, row_scores, row_users = map(np.concatenate, zip(*copies, strict=True))
        expected_auc = auc(row_labels, row_scores)
        expected_gauc = grouped_auc(row_labels, row_scores, row_users).value
    task = ResampledTask(labels, scores / 10, users)
    multiplicity = np.array(drawn, dtype=float)
    assert task.auc(multiplicity) == pytest.approx(expected_auc, abs=1e-12, nan_ok=True)
    assert task.gauc(multiplicity) == pytest.approx(expected_gauc, abs=1e-12, nan_ok=True)


def test_draws_as_many_users_as_there_are_and_repeats_with_the_seed():
    draws = np.array(list(user_multiplicities(50, 20, seed=4)))
    assert (draws.sum(axis=1) == 50).all()
    assert len(np.unique(draws, axis=0)) == 20
    np.testing.assert_array_equal(draws, list(user_multiplicities(50, 20, seed=4)))
    assert not np.array_equal(draws, list(user_multiplicities(50, 20, seed=5)))


def test_nobody_is_drawn_from_nobody():
    assert list(user_multiplicities(0, 5, seed=0)) == []


def test_interval_holds_the_central_values():
    assert interval([float(value) for value in range(201)]) == [5.0, 195.0]
    assert interval([math.nan, 1.0, math.nan]) == [1.0, 1.0]
    assert interval([math.nan]) is None
    assert interval([]) is None
