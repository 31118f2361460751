"""Shared-Bottom: one network for all tasks, a tower for each."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.layers import MultilayerPerceptron
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import SharedBottomOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class SharedBottom(JoinedModel):
    """y_i = tower_i(bottom(x)): what the tasks share is one network over all inputs.

    x is as `JoinedModel` says. The bottom's layers have ReLU and dropout each.

    Args, attributes, call and errors are those of `SpecModel`; the options those of
    `SharedBottomOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "shared_bottom"})
        >>> from_spec(spec).name
        'shared_bottom'

    Reference:
        Caruana, Multitask learning, Machine Learning 28, 1997; as the baseline of Ma et al., MMoE,
        KDD 2018, figure 1a.
    """

    def build_layers(self) -> int:
        options = self.options(SharedBottomOptions)
        *hidden, width = options.bottom_hidden
        self.bottom = MultilayerPerceptron(
            hidden, width, "relu", options.dropout, dtype=self.dtype_policy, name="bottom"
        )
        self.bottom.build((None, self.joined_width))
        return int(width)

    def named_axes(self) -> list[NamedAxis]:
        kernel = self.bottom.dense_layers[0].kernel
        return [*super().named_axes(), NamedAxis(kernel, 0, self.input_names)]

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        return self.for_every_task(self.bottom(joined["embeddings"], training=training))
