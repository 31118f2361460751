"""MMoE: experts that all tasks share, weighed by a gate of each task."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from infnet_keras.layers import Experts, SoftmaxGates
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import MMoEOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class MMoE(JoinedModel):
    """y_k = tower_k(sum_i g_k(x)_i f_i(x)): each task weighs the experts f_i by a gate g_k.

    x is as `JoinedModel` says; f_i is a network with ReLU, g_k(x) = softmax(W_k x).

    Args, attributes, call and errors are those of `SpecModel`; the options those of `MMoEOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "mmoe"})
        >>> from_spec(spec).name
        'mmoe'

    Reference:
        Ma et al., Modeling task relationships in multi-task learning with multi-gate
        mixture-of-experts, KDD 2018, section 4.2. Its gates are linear, as here. It tunes numbers
        and widths; dropout after each layer of an expert is ours.
    """

    def build_layers(self) -> int:
        options, x = self.options(MMoEOptions), (None, self.joined_width)
        self.experts = Experts(
            options.experts,
            options.expert_hidden,
            options.dropout,
            dtype=self.dtype_policy,
            name="experts",
        )
        self.experts.build(x)
        self.gates = SoftmaxGates(
            len(self.tasks), options.experts, dtype=self.dtype_policy, name="gates"
        )
        self.gates.build(x)
        return options.expert_hidden[-1]

    def named_axes(self) -> list[NamedAxis]:
        return [
            *super().named_axes(),
            NamedAxis(self.experts.kernels[0], 1, self.input_names),
            NamedAxis(self.gates.kernel, 0, self.tasks),
            NamedAxis(self.gates.kernel, 1, self.input_names),
        ]

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        x = joined["embeddings"]
        experts = self.experts(x, training=training)
        return ops.einsum("bke,beu->bku", self.gates(x), experts)
