"""OMoE: experts that all tasks share, weighed by one gate for all of them."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from infnet_keras.layers import Experts, SoftmaxGates
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import OMoEOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class OMoE(JoinedModel):
    """y_k = tower_k(sum_i g(x)_i f_i(x)): all towers read one weighted sum of the experts f_i.

    x is as `JoinedModel` says; f_i is a network with ReLU, g(x) = softmax(W x).

    Args, attributes, call and errors are those of `SpecModel`; the options those of `OMoEOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "omoe"})
        >>> from_spec(spec).name
        'omoe'

    Reference:
        Ma et al., Modeling task relationships in multi-task learning with multi-gate
        mixture-of-experts, KDD 2018, section 4.1: the mixture of experts below all towers, which
        its experiments call OMoE. What it leaves open is as in `MMoE`.
    """

    def build_layers(self) -> int:
        options, x = self.options(OMoEOptions), (None, self.joined_width)
        self.experts = Experts(
            options.experts,
            options.expert_hidden,
            options.dropout,
            dtype=self.dtype_policy,
            name="experts",
        )
        self.experts.build(x)
        self.gate = SoftmaxGates(1, options.experts, dtype=self.dtype_policy, name="gate")
        self.gate.build(x)
        return options.expert_hidden[-1]

    def named_axes(self) -> list[NamedAxis]:
        kernels = (self.experts.kernels[0], self.gate.kernel)
        return [*super().named_axes(), *(NamedAxis(each, 1, self.input_names) for each in kernels)]

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        x = joined["embeddings"]
        experts = self.experts(x, training=training)
        shared = ops.einsum("bke,beu->bku", self.gate(x), experts)
        return ops.repeat(shared, len(self.tasks), axis=1)
