"""What the tasks of a trained INFNet look at."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import keras
import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError, ModelError
from infnet_keras.spec import FeatureSpec

QUERY_SETS = ("tasks", "shared_tasks")


class Position(NamedTuple):
    """A token that queries look at.

    `source` is a field, a behaviour and its attribute (`click.video_id`) or, with fused tokens, a
    behaviour. `step` is None for a field, else -1 for the latest event, -2 for the one before.
    """

    source: str
    step: int | None


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
        model: an INFNet.
        batches: model inputs as NumPy arrays, such as the `inputs` of a reader's batches.
        block: index of the block, the last one by default.

    Returns:
        Queries named by task (then "shared 1", ...), fields in the spec's order, then sequences,
        each from its oldest step to the latest.

    Raises:
        DataError: there is no batch.
        ModelError: the block does not exist.

    Example:
        >>> reader = ImpressionReader(prepared, "test", 1024)
        >>> attention = average_attention(model, (b.inputs for b in reader.batches()))
        >>> attention.positions[attention.weights[0].argmax()]
        Position(source='long_view.video_id', step=-1)

    Reference:
        arXiv 2508.11565, figure 5.
    """
    spec: FeatureSpec = model.spec
    if not -len(model.blocks) <= block < len(model.blocks):
        raise ModelError(f"the model has {len(model.blocks)} blocks, there is no block {block}")
    observer = _Observer(model, model.blocks[block].name)
    sequences = list(_sequences(spec))
    totals: list[npt.NDArray[np.float64]] = []
    names: list[str] = []
    rows = 0
    for inputs in batches:
        weights = observer.predict_on_batch(dict(inputs))
        parts = [_joined(weights["categorical"])]
        if sequences:
            parts.append(_from_the_latest(_joined(weights["sequence"]), inputs, sequences))
        found = np.concatenate(parts, axis=-1)
        names = names or _query_names(spec, weights["categorical"])
        totals.append(found.sum(axis=0, dtype=np.float64))
        rows += len(found)
    if not rows:
        raise DataError("attention is averaged over impressions, none were given")
    positions = [Position(field, None) for field in spec.fields]
    for source, _, length in sequences:
        positions += [Position(source, step) for step in range(-length, 0)]
    return AttentionMap(names, positions, np.sum(totals, axis=0) / rows)


class _Observer(keras.Model):
    """The attention of one block as a model's output, so that Keras compiles the forward pass."""

    def __init__(self, model: Any, block: str) -> None:
        super().__init__(name="attention_observer")
        self.model = model
        self.block = block
        self.built = True

    def call(self, inputs: Mapping[str, Any]) -> Any:
        _, attention = self.model(inputs, training=False, return_attention=True)
        return attention[self.block]


def _sequences(spec: FeatureSpec) -> Iterator[tuple[str, str, int]]:
    """Source, input that says which steps are valid, and length, in the order of the tokens."""
    seen: set[str] = set()
    for feature in spec.sequence_features:
        if spec.tokens == "per_attribute":
            yield f"{feature.sequence}.{feature.column}", feature.name, feature.length
        elif feature.sequence not in seen:
            seen.add(feature.sequence)
            yield feature.sequence, feature.name, feature.length


def _joined(weights: Mapping[str, npt.NDArray[np.float32]]) -> npt.NDArray[np.float32]:
    """[batch, queries, tokens]: query sets one after the other, heads averaged."""
    present = [name for name in QUERY_SETS if name in weights]
    parts = [weights[name].mean(axis=1) for name in present]
    joined: npt.NDArray[np.float32] = np.concatenate(parts, axis=1)
    return joined


def _query_names(spec: FeatureSpec, weights: Mapping[str, Any]) -> list[str]:
    shared = weights["shared_tasks"].shape[2] if "shared_tasks" in weights else 0
    return [*spec.tasks, *(f"shared {number}" for number in range(1, shared + 1))]


def _from_the_latest(
    weights: npt.NDArray[np.float32],
    inputs: Mapping[str, Any],
    sequences: list[tuple[str, str, int]],
) -> npt.NDArray[np.float32]:
    """Move each sequence's valid steps from its start to its end, so that columns are recencies."""
    aligned = np.zeros_like(weights)
    start = 0
    for _, name, length in sequences:
        ids = np.asarray(inputs[name])
        valid = (ids if ids.ndim == 2 else ids[..., 0]) != 0
        padding = length - valid.sum(axis=1, keepdims=True)
        old = np.arange(length) - padding  # where column j's weight stands now
        moved = np.take_along_axis(
            weights[:, :, start : start + length], np.maximum(old, 0)[:, None, :], axis=2
        )
        aligned[:, :, start : start + length] = np.where((old >= 0)[:, None, :], moved, 0.0)
        start += length
    return aligned
