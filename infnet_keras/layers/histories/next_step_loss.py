"""Whether states foretell the next step: DIEN's auxiliary loss."""

from typing import Any

from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32


def next_step_loss(states: Any, steps: Any, steps_mask: Any) -> Any:
    """-mean log sigmoid(h_t . e_{t+1}) - mean log(1 - sigmoid(h_t . e'_{t+1})).

    e' is the history of the example before in the batch, the last one's for the first. Both means
    are over the t with a valid step t + 1; the second leaves out those where e' has none. A mean
    over nothing is 0.

    Args:
        states: float [batch, length, width].
        steps: float [batch, length, width].
        steps_mask: bool [batch, length], True at the valid steps, which come first.

    Returns:
        A scalar, float32 at least.

    Example:
        >>> nothing = np.zeros((2, 3, 4))
        >>> round(float(next_step_loss(nothing, nothing, np.ones((2, 3), bool))), 4)
        1.3863

    Reference:
        Zhou et al., DIEN, AAAI 2019, arXiv 1809.03672, the auxiliary loss. It is printed as a sum
        over the steps; the mean, which the authors' code takes, does not grow with histories. Where
        negatives come from is left open: others' steps follow how popular items are.
    """
    states, steps, steps_mask = map(ops.convert_to_tensor, (states, steps, steps_mask))
    states, steps = at_least_float32(states)[:, :-1], at_least_float32(steps)
    valid = steps_mask[:, 1:]
    others = ops.logical_and(valid, ops.roll(steps_mask, 1, axis=0)[:, 1:])
    positive = ops.sum(states * steps[:, 1:], axis=-1)
    negative = ops.sum(states * ops.roll(steps, 1, axis=0)[:, 1:], axis=-1)
    return _mean(ops.softplus(-positive), valid) + _mean(ops.softplus(negative), others)


def _mean(losses: Any, counted: Any) -> Any:
    total = ops.sum(ops.where(counted, losses, 0.0))
    return total / ops.maximum(ops.sum(ops.cast(counted, losses.dtype)), 1.0)
