"""What models have in common whose candidates look at the history of their user."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from keras import ops

from infnet_keras.layers import Embedded, MultilayerPerceptron, ValuePooling
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.served_names import served_names
from infnet_keras.spec.models.target_model_options import TargetModelOptions
from infnet_keras.spec.target_pairs import TargetHistory, target_histories


class TargetModel(SpecModel):
    """y_i = tower_i(deep([fields; read(target, history) of each behaviour])).

    A behaviour is one history: a step's value joins its attributes. The target is what the
    candidate has of them: `target_histories` says which attribute is compared with which field.
    A behaviour without any such pair is the mean of its steps. A subclass has `build_reader` and
    `read`.

    Histories are read for all candidates of a user at once, also in `score_candidates`: what
    depends on the history alone is embedded and computed once.

    Args, attributes, call and errors are those of `SpecModel`.
    """

    @abstractmethod
    def build_reader(self, history: TargetHistory, name: str) -> Any:
        """Create and build the layer that reads a behaviour with pairs."""

    @abstractmethod
    def read(self, history: TargetHistory, target: Any, embedded: Embedded) -> Any:
        """What K candidates read of a behaviour with pairs: float [R, K, inputs * dim].

        Args:
            history: which one; `readers` has its layer.
            target: float [R, K, keys * dim], the fields that its keys are compared with.
            embedded: of the R requests' inputs.
        """

    def build_layers(self) -> int:
        options, spec = self.options(TargetModelOptions), self.spec
        self.histories = target_histories(spec)
        names = served_names(history.sequence for history in self.histories)
        self.readers = {
            history.sequence: self.build_reader(history, f"{names[history.sequence]}_history")
            for history in self.histories
            if history.keys
        }
        self.pooling = ValuePooling("mean", dtype=self.dtype_policy, name="pooling")
        self.pooling.build((None, None, spec.dim))
        *hidden, units = options.deep_hidden
        self.deep = MultilayerPerceptron(
            hidden, units, "relu", options.dropout, dtype=self.dtype_policy, name="deep"
        )
        self.deep.build((None, len(self.input_names) * spec.dim))
        return int(units)

    def named_axes(self) -> list[NamedAxis]:
        kernel = self.deep.dense_layers[0].kernel
        return [*super().named_axes(), NamedAxis(kernel, 0, self.input_names)]

    def represent(self, embedded: dict[str, Embedded], training: bool) -> Any:
        found = embedded["embeddings"]
        fields = {name: ops.expand_dims(value, 1) for name, value in found.fields.items()}
        return self._for_every_task(self._shared(fields, found, training))

    def score_candidates(self, inputs: Mapping[str, Any]) -> dict[str, Any]:
        """As `SpecModel.score_candidates`; a request's history is embedded once for all."""
        requests, candidates = self.candidate_shape(inputs)
        items, dim = self.item_names, self.spec.dim
        others = [name for name in self.input_names if name not in items]
        flat = {name: ops.convert_to_tensor(inputs[name]) for name in items}
        flat = {name: ops.reshape(ids, (-1, *ids.shape[2:])) for name, ids in flat.items()}
        of_candidate = self.embed(flat, items, False)["embeddings"].fields
        found = self.embed(inputs, others, False)["embeddings"]
        shape = (requests, candidates, dim)
        fields = {name: ops.reshape(value, shape) for name, value in of_candidate.items()}
        fields |= {
            name: ops.broadcast_to(ops.expand_dims(value, 1), shape)
            for name, value in found.fields.items()
        }
        answers = self.answers(self._for_every_task(self._shared(fields, found, False)))
        return {task: ops.reshape(v, (requests, candidates)) for task, v in answers.items()}

    def steps_of(self, history: TargetHistory, embedded: Embedded) -> tuple[Any, Any]:
        """A behaviour's steps float [R, length, inputs * dim], and which are valid."""
        steps = ops.concatenate([embedded.sequences[n] for n in history.inputs], axis=-1)
        return steps, embedded.masks[history.inputs[0]]

    def _shared(self, fields: Mapping[str, Any], embedded: Embedded, training: bool) -> Any:
        """What the tasks share of fields [R, K, dim] and histories [R, ...]: [R * K, width]."""
        parts = [fields[name] for name in self.spec.fields]
        requests, candidates = ops.shape(parts[0])[:2]
        for history in self.histories:
            if history.keys:
                target = ops.concatenate([fields[name] for name in history.queries], axis=-1)
                parts.append(self.read(history, target, embedded))
            else:
                mean = ops.expand_dims(self.pooling(*self.steps_of(history, embedded)), 1)
                parts.append(ops.broadcast_to(mean, (requests, candidates, mean.shape[-1])))
        joined = ops.concatenate(parts, axis=-1)
        joined = ops.reshape(joined, (-1, len(self.input_names) * self.spec.dim))
        return self.deep(joined, training=training)

    def _for_every_task(self, shared: Any) -> Any:
        return ops.repeat(ops.expand_dims(shared, 1), len(self.tasks), axis=1)
