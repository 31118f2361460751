"""DIN: each candidate weighs the steps of its user's histories."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from infnet_keras.layers import Embedded, TargetAttention
from infnet_keras.models.histories.target_model import TargetModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models.histories.target_attention_options import TargetAttentionOptions
from infnet_keras.spec.target_pairs import TargetHistory


@keras.saving.register_keras_serializable(package="infnet_keras")
class DIN(TargetModel):
    """y_i = tower_i(deep([fields; sum_j a(e_j, target) e_j of each behaviour])).

    `TargetModel` says what steps and target are, `TargetAttention` what a is. The deep network's
    layers have ReLU and dropout each, as all models' here.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `DINOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "din"})
        >>> from_spec(spec).name
        'din'

    Reference:
        Zhou et al., Deep interest network for click-through rate prediction, KDD 2018, arXiv
        1706.06978. Several tasks, each with a tower on the deep network, several behaviours, each
        with an activation unit of its own, and ReLU in place of PReLU and Dice in the deep network
        are our reading; mini-batch aware regularisation is `training.l2`.
    """

    def build_reader(self, history: TargetHistory, name: str) -> TargetAttention:
        options, dim = self.options(TargetAttentionOptions), self.spec.dim
        reader = TargetAttention(
            options.attention_hidden,
            options.attention == "softmax",
            dtype=self.dtype_policy,
            name=name,
        )
        width = len(history.keys) * dim
        reader.build(
            (None, None, width),
            (None, history.length, width),
            (None, history.length, len(history.inputs) * dim),
        )
        return reader

    def read(self, history: TargetHistory, target: Any, embedded: Embedded) -> Any:
        keys = ops.concatenate([embedded.sequences[name] for name in history.keys], axis=-1)
        return self.readers[history.sequence](target, keys, *self.steps_of(history, embedded))

    def named_axes(self) -> list[NamedAxis]:
        axes = super().named_axes()
        for history in self.histories:
            if history.keys:
                reader = self.readers[history.sequence]
                parts = (reader.query, reader.key, reader.difference, reader.product)
                axes += [NamedAxis(kernel, 0, history.keys) for kernel in parts]
        return axes
