"""Whether the tokens of a model's tasks, and its proxies, have become one and the same."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from keras import ops

from infnet_keras.errors import DataError
from infnet_keras.evaluation.evenly_kept import EvenlyKept
from infnet_keras.evaluation.observer import Observer
from infnet_keras.evaluation.report import or_none
from infnet_keras.evaluation.token_similarity import Tokens, mean_cosine, pairwise_distance
from infnet_keras.models import INFNet

SAMPLE = 8192
# A token whose part that differs by example is at most this part of its size is constant up to
# rounding. Float32 leaves errors of about 1e-6, half precision one of its own steps.
_NEGLIGIBLE = {"bfloat16": 1e-2, "float16": 1e-3}


class BlockCollapse(NamedTuple):
    """How alike tokens are as they leave one block; None where there is nothing to compare.

    Attributes:
        block: number of the block, from 1.
        task_cosine: mean cosine between two task tokens T_i, each less its mean over examples.
        proxy_cosine: the same between two categorical proxies C~; None where the block computes
            none, as the last one.
        task_cosine_uncentred: of the task tokens as they are; constants alone make it small.
        proxy_cosine_uncentred: of the proxies as they are.
        categorical_attention_distance: mean total variation distance, 0 to 1, between two tasks'
            attention over the categorical tokens.
        sequence_attention_distance: the same over the steps, of examples that have a history.
    """

    block: int
    task_cosine: float | None
    proxy_cosine: float | None
    task_cosine_uncentred: float | None
    proxy_cosine_uncentred: float | None
    categorical_attention_distance: float | None
    sequence_attention_distance: float | None


class CollapseGauge:
    """Measures one model, again and again: its forward pass is compiled once.

    Args:
        model: any model; one that has no blocks of task tokens measures as an empty list.
        sample: impressions whose tokens are kept in memory, evenly spread over those given.
    """

    def __init__(self, model: Any, sample: int = SAMPLE) -> None:
        self._model = model
        self._sample = sample
        self._observer = Observer(model, self._look) if isinstance(model, INFNet) else None

    @property
    def applies(self) -> bool:
        """Whether the model has blocks of task tokens."""
        return self._observer is not None

    def measure(self, batches: Iterable[Mapping[str, Any]]) -> list[BlockCollapse]:
        """See `measure_collapse`."""
        if self._observer is None:
            return []
        kept = EvenlyKept(self._sample)
        for inputs in batches:
            seen = self._observer.predict_on_batch(dict(inputs))
            kept.add(dict(_compared(seen)))
        found = kept.arrays()
        if not found:
            raise DataError("collapse is measured on impressions, none were given")
        return [self._block(index, found) for index in range(len(self._model.blocks))]

    def _look(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """What is compared, by "block.what"."""
        _, blocks = self._model(inputs, training=False, return_blocks=True)
        seen: dict[str, Any] = {}
        for index, (block, state) in enumerate(zip(self._model.blocks, blocks, strict=True)):
            seen[f"{index}.tasks"] = state["tasks"]
            if "categorical_proxies" in block.updated:
                seen[f"{index}.proxies"] = state["categorical_proxies"]
            for kind, weights in state["attention"].items():
                seen[f"{index}.{kind}"] = weights["tasks"]
        return {name: ops.cast(value, "float32") for name, value in seen.items()}

    def _block(self, index: int, found: Mapping[str, Tokens]) -> BlockCollapse:
        negligible = _NEGLIGIBLE.get(self._model.compute_dtype, 1e-5)

        def cosine(name: str, centred: bool) -> float | None:
            tokens = found.get(f"{index}.{name}")
            return None if tokens is None else mean_cosine(tokens, centred, negligible)

        def distance(kind: str) -> float | None:
            values = found.get(f"{index}.{kind}")
            if values is None or np.isnan(values).all():
                return None
            return or_none(float(np.nanmean(values)))

        return BlockCollapse(
            index + 1,
            cosine("tasks", True),
            cosine("proxies", True),
            cosine("tasks", False),
            cosine("proxies", False),
            distance("categorical"),
            distance("sequence"),
        )


def measure_collapse(
    model: Any, batches: Iterable[Mapping[str, Any]], sample: int = SAMPLE
) -> list[BlockCollapse]:
    """Measure, block by block, how alike a model's task tokens and categorical proxies are.

    Every token first loses its mean over all examples, so that constants alone, which any two
    learned vectors are, cannot make tokens look different; cosines are then taken example by
    example and averaged over examples and pairs. The means are those of all examples kept, so the
    tokens of up to `sample` of them stay on the host. A token whose centred vector is zero up to
    rounding says nothing of the example: its cosine to any other counts as 1.

    Args:
        model: any model; one that has no blocks of task tokens gives an empty list.
        batches: model inputs as NumPy arrays, such as those of `sample_inputs`.
        sample: examples that the figures are of; of more, every second, fourth, ... is kept.

    Returns:
        One `BlockCollapse` a block, in order. With one task there are no pairs, and what is of
        tasks is None.

    Raises:
        DataError: there is no batch.

    Example:
        >>> last = measure_collapse(model, sample_inputs(prepared, "test", 4096))[-1]
        >>> -1.0 <= last.task_cosine <= 1.0
        True

    Reference:
        arXiv 2508.11565 for T and C~; the gauge is ours.
    """
    return CollapseGauge(model, sample).measure(batches)


def _compared(seen: Mapping[str, Tokens]) -> Iterator[tuple[str, Tokens]]:
    """Tokens as they are; of attention, which is as long as a history, only the distances."""
    for name, values in seen.items():
        tokens = name.endswith((".tasks", ".proxies"))
        yield name, values if tokens else pairwise_distance(values)
