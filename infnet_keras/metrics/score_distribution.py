"""The scores of positives and negatives, in a state of fixed size."""

from typing import Any

import keras
from keras import ops

from infnet_keras.metrics.large_sums import carried, total
from infnet_keras.metrics.metric_rows import metric_rows

BINS = 2**16
_LARGEST = 3.0e38  # infinite scores are read as this: an infinite lower edge marks a free bin


class ScoreDistribution(keras.metrics.Metric):
    """Base of the metrics that depend on the order of scores: 2^16 bins that follow the scores.

    Bins of equal width lose the order of scores that are squeezed into a few of them, and so does
    any other grid that is fixed beforehand: scores of .01 +- 1e-4 touch 41 of 2^16 uniform bins of
    the logit in [-16, 16], and 3 of the 2^16 that the upper bits of a float make. So bins are made
    where scores are. Each has a lower edge, and the weight of the positives and of the negatives
    from there to the next edge. A score that is nobody's lower edge gets a bin of its own. Only
    when all 2^16 are taken are neighbours put together, into about half as many, cut at equal
    steps of the mean of both classes' distribution functions; a score that holds a step or more,
    as under heavy ties, keeps a bin to itself. So

    - up to 2^16 different scores (all that float16 and bfloat16 know) nothing is lost at all;
    - beyond that a bin of several scores holds less than two steps of 2^-15 of both classes, and
      only the order inside it is lost, with an error of the AUC below 3.1e-5; a score that comes
      later and falls inside it counts as larger than the whole bin, which in the worst order of
      rows costs as much again or somewhat more. Only the order of scores matters, so logits and
      probabilities are the same.

    An update and a result go through all bins, whatever the size of the batch.

    Weights are summed in two floats each, see `large_sums`.

    Args:
        name: of the metric.
        dtype: of state and results; half precision is raised to float32.
    """

    def __init__(self, name: str, dtype: Any = None) -> None:
        policy = keras.dtype_policies.get(dtype or keras.config.floatx())
        super().__init__(
            name=name, dtype="float64" if policy.compute_dtype == "float64" else "float32"
        )
        # Ascending lower edges, infinite where a bin is free; the free bins stand at the end.
        self.edges = self.add_variable(
            (BINS,), keras.initializers.Constant(float("inf")), self.dtype, name="edges"
        )
        # Of each bin: negatives and positives, high and low parts of each.
        self.weights = self.add_variable((BINS, 2, 2), "zeros", self.dtype, name="weights")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Add rows.

        Args:
            y_true: [...], 0, 1 or NaN; rows with NaN take no part.
            y_pred: as many scores. A score of NaN in a row with a label makes the result NaN.
            sample_weight: [...], not negative; a row of weight 2 counts like two rows.

        Raises:
            DataError: there are not as many labels as scores.
        """
        labels, scores, weights = metric_rows(y_true, y_pred, sample_weight, self.dtype)
        unknown = ops.isnan(scores)
        counted = ops.not_equal(weights, 0.0)
        weights = ops.where(ops.logical_and(unknown, counted), float("nan"), weights)
        scores = ops.clip(ops.where(unknown, 0.0, scores), -_LARGEST, _LARGEST)
        scores = ops.where(counted, scores, float("inf"))  # a row that takes no bin
        order = ops.argsort(scores)
        scores = ops.take(scores, order)
        weights = ops.take(ops.stack([weights * (1.0 - labels), weights * labels], -1), order, 0)
        edges, weights = _merged(self.edges.value, self.weights.value, scores, weights)
        used = ops.sum(ops.cast(ops.less(edges, float("inf")), "int32"))
        edges, weights = ops.cond(
            ops.greater(used, BINS),
            lambda: _compressed(edges, weights),
            lambda: (edges[:BINS], weights[:BINS]),
        )
        self.edges.assign(edges)
        self.weights.assign(weights)

    def distribution(self) -> tuple[Any, Any, Any]:
        """Lower edges, negatives and positives of the bins [2^16], by ascending score."""
        weights = total(ops.convert_to_tensor(self.weights))
        return ops.convert_to_tensor(self.edges), weights[:, 0], weights[:, 1]

    def reset_state(self) -> None:
        """Forget all rows."""
        self.edges.assign(ops.full((BINS,), float("inf"), self.dtype))
        self.weights.assign(ops.zeros((BINS, 2, 2), self.dtype))


def running_sum(values: Any) -> Any:
    """Sums [2^16] of the floats up to each bin, it included.

    In two levels: TensorFlow adds one by one, and the error of 2^16 roundings of one sign shows in
    the fourth digit of an AUC.
    """
    rows = ops.cumsum(ops.reshape(values, (256, BINS // 256)), axis=1)
    ends = rows[:, -1:]
    return ops.reshape(rows + (ops.cumsum(ends, axis=0) - ends), (BINS,))


def _merged(edges: Any, weights: Any, scores: Any, added: Any) -> tuple[Any, Any]:
    """The bins and ascending scores [rows] with weights [rows, 2], in one order without ties.

    Returns:
        Edges [2^16 + rows] and weights [2^16 + rows, 2, 2]; free bins at the end.
    """
    below = ops.cast(ops.searchsorted(edges, scores), "int32")  # bins of smaller scores
    at = ops.minimum(below, BINS - 1)
    found = ops.logical_and(ops.equal(ops.take(edges, at), scores), ops.less(below, BINS))
    found = ops.logical_or(found, ops.equal(scores, float("inf")))
    first = ops.not_equal(scores[1:], scores[:-1])
    first = ops.concatenate([ops.ones_like(scores[:1], dtype="bool"), first])
    new = ops.cast(ops.logical_and(first, ops.logical_not(found)), "int32")
    # Rows of one new score share its place, which comes after the new scores before it.
    new_at_place = ops.cast(ops.logical_not(found), "int32")
    places = below + ops.cast(ops.cumsum(new), "int32") - new_at_place
    size = BINS + ops.shape(scores)[0]
    places = ops.minimum(places, size - 1)
    # Every slot that no new score takes holds the next of the old bins, in their order.
    taken = ops.scatter_update(ops.zeros((size,), "int32"), places[:, None], new_at_place)
    source = ops.arange(size, dtype="int32") - ops.cast(ops.cumsum(taken), "int32")
    held = ops.less(source, BINS)
    source = ops.minimum(source, BINS - 1)
    all_edges = ops.where(held, ops.take(edges, source), float("inf"))
    all_edges = ops.scatter_update(all_edges, places[:, None], scores)
    old = ops.logical_and(held, ops.equal(taken, 0))
    all_weights = ops.where(old[:, None, None], ops.take(weights, source, axis=0), 0.0)
    low = ops.stack([ops.zeros_like(added), added], axis=-1)
    all_weights = ops.scatter_update(all_weights, places[:, None], low, reduction="add")
    return all_edges, carried(all_weights)


def _compressed(edges: Any, weights: Any) -> tuple[Any, Any]:
    """Neighbouring bins put together: edges [2^16] and weights [2^16, 2, 2]."""
    step = 2**15
    shares = total(weights)
    shares = shares / ops.maximum(ops.sum(shares, axis=0, keepdims=True), 1e-30)
    # Integers: a running sum of floats is not monotonous on every backend.
    share = ops.cast(ops.floor(ops.mean(shares, axis=1) * 2.0**30), "int32")
    before = ops.cast(ops.cumsum(share), "int32") - share
    code = before // step
    begins = ops.logical_or(ops.not_equal(code[1:], code[:-1]), ops.greater_equal(share[1:], step))
    begins = ops.logical_and(begins, ops.less(edges[1:], float("inf")))
    place = ops.cumsum(ops.cast(begins, "int32"))
    place = ops.cast(ops.concatenate([ops.zeros_like(place[:1]), place]), "int32")
    place = ops.minimum(place, BINS - 1)
    new_edges = ops.full((BINS,), float("inf"), edges.dtype)
    starts = ops.concatenate([ops.ones_like(begins[:1]), begins])
    # Bins that begin nothing write their edge beyond the end.
    target = ops.where(starts, place, BINS)
    new_edges = ops.scatter_update(
        ops.concatenate([new_edges, new_edges[:1]]), target[:, None], edges
    )[:BINS]
    return new_edges, carried(ops.segment_sum(weights, place, num_segments=BINS))
