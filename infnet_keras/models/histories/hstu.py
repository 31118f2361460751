"""HSTU: one history in time order, and the candidate as the token after it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from infnet_keras.layers import Embedded, HSTULayer, ProjectedSum, ValuePooling
from infnet_keras.models.histories.candidate_model import CandidateModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import HSTUOptions
from infnet_keras.spec.target_pairs import TargetHistory, target_histories


@keras.saving.register_keras_serializable(package="infnet_keras")
class HSTU(CandidateModel):
    """y_i = tower_i(x), x the candidate's token after the last layer.

    The tokens of a `HSTULayer` are: the user's and the context's fields, and the mean of every
    attribute of the other behaviours, first; the steps of the history, sum_a W_a e_a over its
    attributes a; the candidate, sum_a W_a e_f over the attributes that `target_histories` pairs
    with a field f, plus W_f e_f of the item fields without one. Attributes without a field, such as
    what the user did, are what a candidate cannot know of itself.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `HSTUOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "hstu"})
        >>> from_spec(spec).name
        'hstu'

    Reference:
        Zhai et al., Actions speak louder than words: trillion-parameter sequential transducers for
        generative recommendations, ICML 2024, arXiv 2402.17152, ranking. Which behaviour is the
        history (a spec's behaviours are not merged in time), which fields are tokens, and a tower
        per task on one output are our reading; the paper interleaves items and actions. That
        candidates share a user's tokens is its M-FALCON.
    """

    def build_layers(self) -> int:
        options, spec, dim = self.options(HSTUOptions), self.spec, self.spec.dim
        found = {each.sequence: each for each in target_histories(spec)}
        self.target_history = found.get(
            options.history_of(spec) or "", TargetHistory("", (), (), (), 0)
        )
        means = [
            f.name for f in spec.sequence_features if f.sequence != self.target_history.sequence
        ]
        items = self.item_names
        self.tokens = [*(name for name in spec.fields if name not in items), *means]
        self.others = [name for name in items if name not in self.target_history.queries]
        self.pooling = ValuePooling("mean", dtype=self.dtype_policy, name="pooling")
        self.pooling.build((None, None, dim))
        projected = [*self.target_history.inputs, *self.others]
        self.projection = ProjectedSum(projected, dim, dtype=self.dtype_policy, name="projection")
        if projected:
            self.projection.build(dict.fromkeys(projected, (None, None, dim)))
        self.blocks = []
        for index in range(options.blocks):
            layer = HSTULayer(
                len(self.tokens),
                options.num_heads,
                index < options.blocks - 1,  # what nothing reads is not computed
                dtype=self.dtype_policy,
                name=f"layer_{index}",
            )
            count = len(self.tokens) + self.target_history.length
            layer.build((None, count, dim), (None, None, dim), (None, self.target_history.length))
            self.blocks.append(layer)
        return dim

    def named_axes(self) -> list[NamedAxis]:
        axes = super().named_axes()
        if self.projection.names:
            axes.append(NamedAxis(self.projection.kernel, 0, self.projection.names))
        distances = [str(distance) for distance in range(self.target_history.length + 1)]
        for layer in self.blocks:
            axes.append(NamedAxis(layer.distance_bias, 0, distances))
            if layer.field_bias is not None:
                axes.append(NamedAxis(layer.field_bias, 0, self.tokens))
        return axes

    def compare(self, request: Embedded, items: Mapping[str, Any], training: bool) -> Any:
        candidates = self._candidates(request.fields, items)
        # Nothing, as there may be neither fields nor history.
        tokens, mask = [candidates[:, :0]], ops.not_equal(candidates[:, :0, 0], 0.0)
        for name in self.tokens:
            token = request.fields.get(name)
            if token is None:
                token = self.pooling(request.sequences[name], request.masks[name])
            tokens.append(ops.expand_dims(token, 1))
        if inputs := self.target_history.inputs:
            tokens.append(self.projection({name: request.sequences[name] for name in inputs}))
            mask = request.masks[inputs[0]]
        joined = ops.concatenate(tokens, axis=1)
        for layer in self.blocks:
            joined, candidates = layer(joined, candidates, mask)
        return self.for_every_task(ops.reshape(candidates, (-1, self.spec.dim)))

    def _candidates(self, fields: Mapping[str, Any], items: Mapping[str, Any]) -> Any:
        """Their first tokens, float [R, K, dim]."""
        every = {name: ops.expand_dims(value, 1) for name, value in fields.items()}
        every |= items
        pairs = zip(self.target_history.keys, self.target_history.queries, strict=True)
        known = {key: every[field] for key, field in pairs}
        known |= {name: items[name] for name in self.others}
        if not known:  # nothing tells candidates apart
            return ops.zeros_like(next(iter(every.values())))
        return self.projection(known)
