"""What models have in common that compare the candidate with the steps of histories."""

from __future__ import annotations

import functools
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from keras import ops

from infnet_keras.layers import Embedded, MultilayerPerceptron, ValuePooling
from infnet_keras.layers.embeddings.buckets import by_bucket
from infnet_keras.layers.split_sizes import split_sizes
from infnet_keras.models.histories.candidate_model import CandidateModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.served_names import served_names
from infnet_keras.spec.models.histories.target_model_options import TargetModelOptions
from infnet_keras.spec.target_pairs import TargetHistory, target_histories


class TargetModel(CandidateModel):
    """y_i = tower_i(deep(x)), x = [fields; read(target, history) of each behaviour].

    A behaviour is one history: a step's value joins its attributes. The target is what the
    candidate has of them: `target_histories` says which attribute is compared with which field.
    A behaviour without any such pair is the mean of its steps. A subclass has `build_reader` and
    `read`; something else than the deep network on x is `build_head`, `head_axes` and `head`.

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

    def build_head(self, width: int) -> int:
        """Create and build the layers between x, of a width, and the towers; a tower's width."""
        options = self.options(TargetModelOptions)
        *hidden, units = options.deep_hidden
        self.deep = MultilayerPerceptron(
            hidden, units, "relu", options.dropout, dtype=self.dtype_policy, name="deep"
        )
        self.deep.build((None, width))
        return int(units)

    def head_axes(self) -> list[NamedAxis]:
        """The axes of the head's weights that hold a part for each input or task."""
        return [NamedAxis(self.deep.dense_layers[0].kernel, 0, self.input_names)]

    def head(self, x: Any, training: bool) -> Any:
        """What each tower reads of x: float [R * K, tasks, width]."""
        return self.for_every_task(self.deep(x, training=training))

    def build_layers(self) -> int:
        spec = self.spec
        self.histories = target_histories(spec)
        names = served_names(history.sequence for history in self.histories)
        self.readers = {
            history.sequence: self.build_reader(history, f"{names[history.sequence]}_history")
            for history in self.histories
            if history.keys
        }
        self.pooling = ValuePooling("mean", dtype=self.dtype_policy, name="pooling")
        self.pooling.build((None, None, spec.dim))
        return self.build_head(len(self.input_names) * spec.dim)

    def named_axes(self) -> list[NamedAxis]:
        return [*super().named_axes(), *self.head_axes()]

    @property
    def reads_buckets(self) -> bool:
        return True

    def steps_of(self, history: TargetHistory, embedded: Embedded) -> tuple[Any, Any]:
        """A behaviour's steps float [R, length, inputs * dim], and which are valid."""
        steps = ops.concatenate([embedded.sequences[n] for n in history.inputs], axis=-1)
        return steps, embedded.masks[history.inputs[0]]

    def compare(self, request: Embedded, items: Mapping[str, Any], training: bool) -> Any:
        fields = {name: ops.expand_dims(value, 1) for name, value in request.fields.items()}
        fields |= items
        # What a request has is repeated for its candidates: [R, 1, ...] -> [R, K, ...].
        rows = ops.shape(next(iter((*items.values(), *fields.values()))))[:2]
        fields = {n: ops.broadcast_to(v, (*rows, self.spec.dim)) for n, v in fields.items()}
        parts = [fields[name] for name in self.spec.fields]
        buckets = request.in_buckets()
        for history in self.histories:
            if history.keys:
                target = ops.concatenate([fields[n] for n in history.queries], axis=-1)
                targets = split_sizes(target, request.rows or rows[:1], axis=0)
                read = functools.partial(self.read, history)
                parts.append(by_bucket(read, targets, buckets))
            else:
                mean = by_bucket(lambda b, h=history: self.pooling(*self.steps_of(h, b)), buckets)
                mean = ops.expand_dims(mean, 1)
                parts.append(ops.broadcast_to(mean, (*rows, mean.shape[-1])))
        joined = ops.concatenate(parts, axis=-1)
        joined = ops.reshape(joined, (-1, len(self.input_names) * self.spec.dim))
        return self.head(joined, training)
