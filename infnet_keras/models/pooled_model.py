"""What models have in common that read one vector of every input."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from keras import ops

from infnet_keras.layers import Embedded, ValuePooling
from infnet_keras.models.spec_model import SpecModel, repeat


class PooledModel(SpecModel):
    """A model of one vector per input: a field's embedding, the mean of a sequence's valid steps.

    A subclass has `build_layers` and `interact`. The tasks share what it gives; each has a tower
    of its own on it. `score_candidates` embeds and pools a request's history once.

    Args, attributes, call and errors are those of `SpecModel`.
    """

    @abstractmethod
    def interact(self, vectors: dict[str, Any], training: bool) -> Any:
        """What all towers read, float [batch, width].

        Args:
            vectors: lookup group -> float [batch, inputs, dim], in the order of `input_names`;
                zeros where a sequence has no step.
            training: whether this is a step of training.
        """

    def build(self, input_shape: Any = None) -> None:
        self.pooling = ValuePooling("mean", dtype=self.dtype_policy, name="pooling")
        self.pooling.build((None, None, self.spec.dim))
        super().build(input_shape)

    def represent(self, embedded: dict[str, Embedded], training: bool) -> Any:
        vectors = {group: self._vectors(found) for group, found in embedded.items()}
        return self._for_every_task(self.interact(self._stack(vectors), training))

    def score_candidates(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """As `SpecModel.score_candidates`; what a request has is embedded and pooled once."""
        requests, candidates = self.candidate_shape(inputs)
        items = self.item_names
        others = [name for name in self.input_names if name not in items]
        flat = {name: ops.convert_to_tensor(inputs[name]) for name in items}
        flat = {name: ops.reshape(ids, (-1, *ids.shape[2:])) for name, ids in flat.items()}
        vectors = {
            group: self._vectors(found) for group, found in self.embed(flat, items, False).items()
        }
        of_request = self.embed(inputs, others, False) if others else {}
        for group, found in of_request.items():
            vectors[group] |= {
                name: repeat(vector, requests, candidates)
                for name, vector in self._vectors(found).items()
            }
        answers = self.answers(self._for_every_task(self.interact(self._stack(vectors), False)))
        return {task: ops.reshape(v, (requests, candidates)) for task, v in answers.items()}

    def _vectors(self, embedded: Embedded) -> dict[str, Any]:
        pooled = {
            name: self.pooling(steps, embedded.masks[name])
            for name, steps in embedded.sequences.items()
        }
        return {**embedded.fields, **pooled}

    def _stack(self, vectors: dict[str, dict[str, Any]]) -> dict[str, Any]:
        return {
            group: ops.stack([found[name] for name in self.input_names], axis=1)
            for group, found in vectors.items()
        }

    def _for_every_task(self, shared: Any) -> Any:
        return ops.repeat(ops.expand_dims(shared, 1), len(self.tasks), axis=1)
