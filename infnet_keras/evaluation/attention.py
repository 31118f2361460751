"""What the tasks of a trained INFNet look at."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError, ModelError
from infnet_keras.evaluation.observer import Observer
from infnet_keras.spec.token_positions import Position


class AttentionMap(NamedTuple):
    """Average attention: weights float64 [queries, positions]."""

    queries: list[str]
    positions: list[Position]
    weights: npt.NDArray[np.float64]


def average_attention(
    model: Any, batches: Iterable[Mapping[str, Any]], block: int = -1
) -> AttentionMap:
    """Average attention of the task and shared task queries of one block over many impressions.

    A query's weights over the fields sum to 1, and so do those over the steps of all sequences, as
    the two are attentions of their own. Steps are aligned at the latest event; a step that an
    impression does not have counts 0, so a column's mean also says how often it is there. Heads
    are averaged.

    Args:
        model: a model whose tasks attend, such as an INFNet.
        batches: model inputs as NumPy arrays, such as the `inputs` of a reader's batches.
        block: index of the block, the last one by default.

    Returns:
        Queries named by task (then "shared 1", ...), fields in the spec's order, then sequences,
        each from its oldest step to the latest.

    Raises:
        DataError: there is no batch.
        ModelError: the model has no attention, or the block does not exist.

    Example:
        >>> reader = ImpressionReader(prepared, "test", 1024)
        >>> attention = average_attention(model, (b.inputs for b in reader.batches()))
        >>> attention.positions[attention.weights[0].argmax()]
        Position(source=..., step=...)

    Reference:
        arXiv 2508.11565, figure 5.
    """
    if not model.attends:
        raise ModelError(f"the tasks of a model of type {model.spec.model.type} attend to no token")
    if not -len(model.blocks) <= block < len(model.blocks):
        raise ModelError(f"the model has {len(model.blocks)} blocks, there is no block {block}")
    observer = Observer(model, lambda inputs: model.token_weights(inputs, block))
    total: npt.NDArray[np.float64] | None = None
    rows = 0
    for inputs in batches:
        weights = observer.predict_on_batch(dict(inputs))
        found = weights.sum(axis=0, dtype=np.float64)
        total = found if total is None else total + found
        rows += len(weights)
    if total is None or not rows:
        raise DataError("attention is averaged over impressions, none were given")
    shared = range(1, len(total) - len(model.tasks) + 1)
    names = [*model.tasks, *(f"shared {number}" for number in shared)]
    return AttentionMap(names, model.spec.model.positions(model.spec), total / rows)
