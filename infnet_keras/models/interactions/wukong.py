"""WuKong: stacked factorization machine blocks."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from infnet_keras.layers import WuKongLayer
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import WuKongOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class WuKong(JoinedModel):
    """y_i = tower_i(flatten(X_L)), X_{l+1} = LN([FMB(X_l); LCB(X_l)] + X_l), see `WuKongLayer`.

    X_0 has the embedding of each field and the mean embedding of each sequence feature. The towers
    stand for the paper's final network.

    Args, attributes, call and errors are those of `SpecModel`; the options those of
    `WuKongOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "wukong"})
        >>> from_spec(spec).name
        'wukong'

    Reference:
        Zhang et al., Wukong: towards a scaling law for large-scale recommendation, ICML 2024,
        arXiv 2403.02545. Several tasks, each with a tower on the stack, and the sequences' mean are
        our reading: the paper has one network, and takes embeddings from elsewhere.
    """

    def build_layers(self) -> int:
        options, dim = self.options(WuKongOptions), self.spec.dim
        count = len(self.input_names)
        self.stack = []
        for index in range(options.layers):
            layer = WuKongLayer(
                options.fm_vectors,
                options.linear_vectors,
                options.rank,
                options.fm_hidden,
                options.dropout,
                dtype=self.dtype_policy,
                name=f"layer_{index}",
            )
            layer.build((None, count, dim))
            self.stack.append(layer)
            count = options.fm_vectors + options.linear_vectors
        return count * dim

    def named_axes(self) -> list[NamedAxis]:
        first, names = self.stack[0], self.input_names
        by_row = [first.projection, first.product_norm.gamma, first.product_norm.beta]
        by_row.append(first.perceptron.dense_layers[0].kernel)
        axes = [*super().named_axes(), *(NamedAxis(weight, 0, names) for weight in by_row)]
        axes.append(NamedAxis(first.linear, 1, names))
        if first.residual is not None:
            axes.append(NamedAxis(first.residual, 1, names))
        return axes

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        found = ops.reshape(joined["embeddings"], (-1, len(self.input_names), self.spec.dim))
        for layer in self.stack:
            found = layer(found, training=training)
        return self.for_every_task(ops.reshape(found, (-1, found.shape[1] * found.shape[2])))
