"""DCN-V2: cross layers, each a mixture of experts of low rank."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.layers import LowRankCross, MultilayerPerceptron
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import DCNv2Options


@keras.saving.register_keras_serializable(package="infnet_keras")
class DCNv2(JoinedModel):
    """y_i = tower_i(deep(x_L)), x_{l+1} = x_l + sum_k G_k(x_l) x_0 * E_k(x_l), see `LowRankCross`.

    x_0 is x of `JoinedModel`. The deep network's layers have ReLU and dropout each. It stands on
    the cross layers: of the paper's two structures, stacked and parallel, which it finds to depend
    on the data, the stacked one, whose towers are as wide whatever the inputs.

    Args, attributes, call and errors are those of `SpecModel`; the options those of
    `DCNv2Options`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "dcnv2"})
        >>> from_spec(spec).name
        'dcnv2'

    Reference:
        Wang et al., DCN V2: improved deep & cross network and practical lessons for web-scale
        learning to rank systems, WWW 2021, arXiv 2008.13535. Several tasks, each with a tower on
        the deep network, and the sequences' mean are our reading: the paper has one task and
        fields.
    """

    def build_layers(self) -> int:
        options, width = self.options(DCNv2Options), self.joined_width
        self.cross = []
        for index in range(options.cross_layers):
            layer = LowRankCross(
                options.rank,
                options.experts,
                options.cross_activation,
                dtype=self.dtype_policy,
                name=f"cross_{index}",
            )
            layer.build((None, width), (None, width))
            self.cross.append(layer)
        *hidden, units = options.deep_hidden
        self.deep = MultilayerPerceptron(
            hidden, units, "relu", options.dropout, dtype=self.dtype_policy, name="deep"
        )
        self.deep.build((None, width))
        return int(units)

    def named_axes(self) -> list[NamedAxis]:
        names = self.input_names
        axes = [*super().named_axes(), NamedAxis(self.deep.dense_layers[0].kernel, 0, names)]
        for layer in self.cross:
            axes += [NamedAxis(layer.down, 1, names), NamedAxis(layer.up, 2, names)]
            axes.append(NamedAxis(layer.bias, 0, names))
            if layer.num_experts > 1:
                axes.append(NamedAxis(layer.gate, 0, names))
        return axes

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        x = x0 = joined["embeddings"]
        for layer in self.cross:
            x = layer(x0, x)
        return self.for_every_task(self.deep(x, training=training))
