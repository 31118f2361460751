import itertools

import numpy as np
import pytest

from infnet_keras.evaluation.evenly_kept import EvenlyKept
from infnet_keras.evaluation.token_similarity import mean_cosine, pairwise_distance


def looped_cosine(tokens, centred):
    """Example by example, pair by pair."""
    means = tokens.mean(axis=0) if centred else np.zeros(tokens.shape[1:])
    found = []
    for example in tokens:
        for i, j in itertools.combinations(range(len(example)), 2):
            one, other = example[i] - means[i], example[j] - means[j]
            found.append(one @ other / np.sqrt((one @ one) * (other @ other)))
    return sum(found) / len(found)


@pytest.mark.parametrize("centred", [True, False])
def test_cosine_is_that_of_a_loop(centred):
    random = np.random.default_rng(0)
    common = random.normal(size=(50, 1, 6))
    tokens = (common + random.normal(size=(50, 4, 6)) + random.normal(size=(4, 6))).astype(
        "float32"
    )
    expected = looped_cosine(tokens.astype("float64"), centred)
    assert 0.2 < expected < 0.8
    assert mean_cosine(tokens, centred) == pytest.approx(expected, rel=1e-6)


def test_constants_make_no_difference():
    """Tokens that differ by a constant alone say the same of every example."""
    random = np.random.default_rng(1)
    tokens = random.normal(size=(40, 1, 5)) + 3.0 * random.normal(size=(1, 3, 5))
    assert mean_cosine(tokens) == pytest.approx(1.0)
    assert mean_cosine(tokens, centred=False) < 0.9


@pytest.mark.parametrize("noise", [0.0, 1e-6])
def test_constant_tokens_have_collapsed(noise):
    """Rounding errors point anywhere; they must not make a token look different."""
    random = np.random.default_rng(2)
    tokens = random.normal(size=(1, 3, 5)) + noise * random.normal(size=(40, 3, 5))
    assert mean_cosine(tokens.astype("float32")) == 1.0
    assert mean_cosine(tokens, centred=False) < 0.9
    tokens[:, 0] += random.normal(size=(40, 5))  # one token that says something, two that do not
    assert mean_cosine(tokens.astype("float32")) == 1.0
    assert mean_cosine(np.zeros((4, 2, 5))) == 1.0
    assert mean_cosine(np.zeros((4, 2, 5)), centred=False) == 1.0


def test_opposite_and_unrelated_tokens():
    one = np.random.default_rng(3).normal(size=(30, 1, 5))
    assert mean_cosine(np.concatenate([one, -2.0 * one], axis=1)) == pytest.approx(-1.0)
    assert mean_cosine(np.random.default_rng(4).normal(size=(4000, 2, 5))) == pytest.approx(
        0.0, abs=0.03
    )


def test_nothing_to_compare():
    random = np.random.default_rng(5)
    assert mean_cosine(random.normal(size=(9, 1, 5))) is None
    assert mean_cosine(random.normal(size=(1, 3, 5))) is None
    assert mean_cosine(random.normal(size=(1, 3, 5)), centred=False) is not None
    assert pairwise_distance(random.random((9, 2, 1, 5))).shape == (9, 0)


def test_distance_is_that_of_a_loop():
    weights = np.random.default_rng(6).random((7, 2, 3, 5))
    weights /= weights.sum(axis=-1, keepdims=True)
    found = pairwise_distance(weights)
    for example in range(7):
        for column, (i, j) in enumerate(itertools.combinations(range(3), 2)):
            heads = [sum(abs(head[i] - head[j])) / 2 for head in weights[example]]
            assert found[example, column] == pytest.approx(sum(heads) / 2)


def test_distance_of_weights_that_are_not_normalised():
    """SiLU: half the size is the same attention, other signs another one; nothing has none."""
    row = np.array([2.0, -1.0, 1.0])
    weights = np.array([[[row, row / 2]], [[row, -row]], [[row, 0 * row]], [[0 * row, 0 * row]]])
    np.testing.assert_allclose(pairwise_distance(weights)[:, 0], [0.0, 1.0, np.nan, np.nan])


@pytest.mark.parametrize(("rows", "every"), [(8, 1), (9, 2), (16, 2), (17, 4), (100, 16)])
@pytest.mark.parametrize("batch", [1, 3, 100])
def test_rows_are_kept_evenly(rows, every, batch):
    kept = EvenlyKept(8)
    for start in range(0, rows, batch):
        values = np.arange(start, min(start + batch, rows))
        kept.add({"x": values, "y": values[:, None] * 2})
    np.testing.assert_array_equal(kept.arrays()["x"], np.arange(0, rows, every))
    np.testing.assert_array_equal(kept.arrays()["y"], np.arange(0, rows, every)[:, None] * 2)
