"""Shared-Bottom: one network for all tasks, a tower for each."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from infnet_keras.layers import Embedded, MultilayerPerceptron, ValuePooling
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.spec.models import SharedBottomOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class SharedBottom(SpecModel):
    """y_i = tower_i(bottom(x)): what the tasks share is one network over all inputs.

    x joins the embeddings of all fields and the mean embedding of each sequence feature (of its
    valid steps; zeros where it has none). The bottom's layers have ReLU and dropout each.

    Args, attributes, call and errors are those of `SpecModel`; the options those of
    `SharedBottomOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "shared_bottom"})
        >>> from_spec(spec).name
        'shared_bottom'

    Reference:
        Caruana, Multitask learning, Machine Learning 28, 1997; as the baseline of Ma et al., MMoE,
        KDD 2018, figure 2a. The sequences' mean is our reading: both papers have fields alone.
    """

    def build_layers(self) -> int:
        options, dim = self.options(SharedBottomOptions), self.spec.dim
        *hidden, width = options.bottom_hidden
        self.pooling = ValuePooling("mean", dtype=self.dtype_policy, name="pooling")
        self.pooling.build((None, None, dim))
        self.bottom = MultilayerPerceptron(
            hidden, width, "relu", options.dropout, dtype=self.dtype_policy, name="bottom"
        )
        self.bottom.build((None, len(self.input_names) * dim))
        return int(width)

    def named_axes(self) -> list[NamedAxis]:
        kernel = self.bottom.dense_layers[0].kernel
        return [*super().named_axes(), NamedAxis(kernel, 0, self.input_names)]

    def represent(self, embedded: dict[str, Embedded], training: bool) -> Any:
        fields, sequences, masks, _ = embedded["embeddings"]
        parts = [fields[name] for name in self.spec.fields]
        parts += [
            self.pooling(sequences[f.name], masks[f.name]) for f in self.spec.sequence_features
        ]
        shared = self.bottom(ops.concatenate(parts, axis=-1), training=training)
        return ops.repeat(ops.expand_dims(shared, 1), len(self.tasks), axis=1)
