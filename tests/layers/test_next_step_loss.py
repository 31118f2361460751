"""DIEN's auxiliary loss, pair by pair."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers.histories.next_step_loss import next_step_loss


def by_loops(states, steps, mask):
    positive, negative = [], []
    for row in range(len(mask)):
        other = row - 1  # the last one's for the first
        for t in range(mask.shape[1] - 1):
            if mask[row, t + 1]:
                score = states[row, t] @ steps[row, t + 1]
                positive.append(-np.log(1 / (1 + np.exp(-score))))
                if mask[other, t + 1]:
                    score = states[row, t] @ steps[other, t + 1]
                    negative.append(-np.log(1 - 1 / (1 + np.exp(-score))))
    return sum(np.mean(losses) for losses in (positive, negative) if losses)


@pytest.mark.parametrize(
    "lengths", [[4, 0, 2, 3], [4, 4, 4, 4], [1, 0, 1, 0], [3, 0, 3, 0], [2]], ids=str
)
def test_each_pair(lengths):
    draws = np.random.default_rng(0)
    states, steps = draws.normal(size=(2, len(lengths), 4, 3)).astype("float32")
    mask = np.arange(4) < np.array(lengths)[:, None]
    found = float(next_step_loss(*map(ops.convert_to_tensor, (states, steps, mask))))
    assert found == pytest.approx(by_loops(states, steps, mask), rel=1e-5)
    steps[~mask] = 50.0
    again = float(next_step_loss(*map(ops.convert_to_tensor, (states, steps, mask))))
    assert again == pytest.approx(found, rel=1e-6)
