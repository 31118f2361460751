"""HSTU: one history in time order, and the candidate as the token after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import keras
from keras import ops

from infnet_keras.layers import (
    Embedded,
    HSTULayer,
    InterleavedHistories,
    ProjectedSum,
    ValuePooling,
)
from infnet_keras.models.histories.candidate_model import CandidateModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.models import HSTUOptions
from infnet_keras.spec.sequences import TIME_GAP
from infnet_keras.spec.target_pairs import TargetHistory, target_histories


@keras.saving.register_keras_serializable(package="infnet_keras")
class HSTU(CandidateModel):
    """y_i = tower_i(x), x the candidate's token after the last layer.

    The tokens of a `HSTULayer` are: the user's and the context's fields, and the mean of every
    attribute of the other behaviours, first; the steps of the history, sum_a W_a e_a over its
    attributes a; the candidate, sum_a W_a e_f over the attributes that `target_histories` pairs
    with a field f, plus W_f e_f of the item fields without one. Attributes without a field, such as
    what the user did, are what a candidate cannot know of itself.

    Behaviours that have a `time_gap` are one history, see `InterleavedHistories`; attributes of one
    column and table have one W, whatever behaviour they are of. An event that several behaviours
    hold is a step of each.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `HSTUOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "hstu"})
        >>> from_spec(spec).name
        'hstu'

    Reference:
        Zhai et al., Actions speak louder than words: trillion-parameter sequential transducers for
        generative recommendations, ICML 2024, arXiv 2402.17152, ranking. Which behaviours are the
        history, which fields are tokens, and a tower per task on one output are our reading; the
        paper interleaves items and actions. That candidates share a user's tokens is its M-FALCON.
    """

    def build_layers(self) -> int:
        options, spec, dim = self.options(HSTUOptions), self.spec, self.spec.dim
        found = {each.sequence: each for each in target_histories(spec)}
        self.histories = [found[name] for name in options.histories_of(spec)]
        self.length = sum(history.length for history in self.histories)
        self.kinds = _kinds(spec, self.histories)
        self.pairs = {
            self.kinds[key]: query
            for history in self.histories
            for key, query in zip(history.keys, history.queries, strict=True)
        }
        names = [history.sequence for history in self.histories]
        means = [f.name for f in spec.sequence_features if f.sequence not in names]
        items = self.item_names
        self.tokens = [*(name for name in spec.fields if name not in items), *means]
        self.others = [name for name in items if name not in self.pairs.values()]
        self.pooling = ValuePooling("mean", dtype=self.dtype_policy, name="pooling")
        self.pooling.build((None, None, dim))
        projected = [*dict.fromkeys(self.kinds.values()), *self.others]
        self.projection = ProjectedSum(projected, dim, dtype=self.dtype_policy, name="projection")
        if projected:
            self.projection.build(dict.fromkeys(projected, (None, None, dim)))
        self.interleaving = None
        if len(self.histories) > 1:
            gaps = spec.all_tables[str(spec.sequences[names[0]].time_gap)]
            self.interleaving = InterleavedHistories(
                gaps.missing_id, dtype=self.dtype_policy, name="interleaving"
            )
            self.interleaving.build([(None, each.length, dim) for each in self.histories])
        self.blocks = []
        for index in range(options.blocks):
            layer = HSTULayer(
                len(self.tokens),
                options.num_heads,
                index < options.blocks - 1,  # what nothing reads is not computed
                dtype=self.dtype_policy,
                name=f"layer_{index}",
            )
            count = len(self.tokens) + self.length
            layer.build((None, count, dim), (None, None, dim), (None, self.length))
            self.blocks.append(layer)
        return dim

    def named_axes(self) -> list[NamedAxis]:
        axes = super().named_axes()
        if self.projection.names:
            axes.append(NamedAxis(self.projection.kernel, 0, self.projection.names))
        if self.interleaving is not None:
            names = [history.sequence for history in self.histories]
            axes.append(NamedAxis(self.interleaving.actions, 0, names))
        distances = [str(distance) for distance in range(self.length + 1)]
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
        if self.histories:
            steps, mask = self._steps(request)
            tokens.append(steps)
        joined = ops.concatenate(tokens, axis=1)
        for layer in self.blocks:
            joined, candidates = layer(joined, candidates, mask)
        return self.for_every_task(ops.reshape(candidates, (-1, self.spec.dim)))

    def _steps(self, request: Embedded) -> tuple[Any, Any]:
        """The history float [R, length, dim], and which of its steps are valid."""
        steps = [
            self.projection({self.kinds[name]: request.sequences[name] for name in history.inputs})
            for history in self.histories
        ]
        masks = [request.masks[history.inputs[0]] for history in self.histories]
        if self.interleaving is None:
            return steps[0], masks[0]
        inputs = self.spec.sequence_inputs
        gaps = [inputs[history.sequence].attributes[TIME_GAP] for history in self.histories]
        found: tuple[Any, Any] = self.interleaving(steps, [request.ids[n] for n in gaps], masks)
        return found

    def _candidates(self, fields: Mapping[str, Any], items: Mapping[str, Any]) -> Any:
        """Their first tokens, float [R, K, dim]."""
        every = {name: ops.expand_dims(value, 1) for name, value in fields.items()}
        every |= items
        known = {kind: every[field] for kind, field in self.pairs.items()}
        known |= {name: items[name] for name in self.others}
        if not known:  # nothing tells candidates apart
            return ops.zeros_like(next(iter(every.values())))
        return self.projection(known)


def _kinds(spec: FeatureSpec, histories: Sequence[TargetHistory]) -> dict[str, str]:
    """Each input of the histories -> the first one of its column and table."""
    features = {feature.name: feature for feature in spec.sequence_features}
    first: dict[tuple[str, str], str] = {}
    found = {}
    for name in (name for history in histories for name in history.inputs):
        feature = features[name]
        found[name] = first.setdefault((feature.column, feature.table), name)
    return found
