"""Rates never say what a row itself was labelled."""

import numpy as np
import pytest

from infnet_keras.boosting.value_rates import ValueRates

FOLDS, STRENGTH = 3, 4.0


def counted(ids: np.ndarray, labels: np.ndarray, folds: np.ndarray) -> ValueRates:
    rates = ValueRates(rows=6, tasks=["click"], folds=FOLDS, strength=STRENGTH)
    half = len(ids) // 2
    for part in (slice(None, half), slice(half, None)):  # batch by batch
        rates.add(ids[part], {"click": labels[part]}, folds[part])
    rates.close()
    return rates


@pytest.fixture
def log() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    ids = random.integers(0, 6, 200)
    labels = random.integers(0, 2, 200).astype(np.float32)
    labels[random.random(200) < 0.2] = np.nan
    return ids, labels, random.integers(0, FOLDS, 200)


def test_rates_and_counts_are_those_of_a_plain_loop(log) -> None:
    ids, labels, folds = log
    rates = counted(ids, labels, folds)
    known = [(i, y, f) for i, y, f in zip(ids, labels, folds, strict=True) if i and y == y]
    prior = sum(y for _, y, _ in known) / len(known)
    for value in range(1, 6):
        for fold in (None, 0, 1, 2):
            mine = [y for i, y, f in known if i == value and f != fold]
            expected = (sum(mine) + STRENGTH * prior) / (len(mine) + STRENGTH)
            asked = None if fold is None else np.array([fold])
            found = rates.rate("click", np.array([value]), asked)
            assert found == pytest.approx(expected, rel=1e-5)
            seen = sum(i == value and f != fold for i, f in zip(ids, folds, strict=True))
            whole = seen if fold is None else seen * FOLDS / (FOLDS - 1)
            count = rates.count(np.array([value]), asked)
            assert count == pytest.approx(np.log1p(whole), rel=1e-5)


def test_a_rows_own_label_does_not_move_its_rate(log) -> None:
    ids, labels, folds = log
    row = int(np.flatnonzero((ids > 0) & ~np.isnan(labels))[0])
    turned = labels.copy()
    turned[row] = 1.0 - turned[row]
    rates = [counted(ids, some, folds) for some in (labels, turned)]
    # A task's own rate, what rare values are drawn to, is of all rows: with strength 0 it is out.
    for one in rates:
        one._strength = 0.0
    mine = [one.rate("click", ids[row : row + 1], folds[row : row + 1]) for one in rates]
    assert mine[0] == mine[1]
    assert rates[0].rate("click", ids[row : row + 1]) != rates[1].rate("click", ids[row : row + 1])


def test_several_values_count_each_and_padding_does_not() -> None:
    ids = np.array([[2, 3, 0], [2, 0, 0]])
    rates = counted(ids, np.array([1.0, 0.0], np.float32), np.array([0, 1]))
    assert rates.count(np.array([0, 2, 3])) == pytest.approx(np.log1p([0, 2, 1]))


def test_what_is_kept_answers_alike(log) -> None:
    rates = counted(*log)
    kept = ValueRates.of(rates.arrays(), ["click"], STRENGTH)
    ids = np.arange(6)
    assert np.array_equal(kept.rate("click", ids), rates.rate("click", ids))
    assert np.array_equal(kept.count(ids), rates.count(ids))
