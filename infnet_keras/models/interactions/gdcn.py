"""GDCN: cross layers whose interactions pass a gate."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.layers import GatedCross, MultilayerPerceptron
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import GDCNOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class GDCN(JoinedModel):
    """y_i = tower_i(deep(x_L)), x_{l+1} = x_0 * (W_c x_l + b) * sigmoid(W_g x_l) + x_l.

    x_0 is x of `JoinedModel`. The deep network's layers have ReLU and dropout each. It stands on
    the cross layers: the paper's GDCN-S, as for DCN-V2 here. Field-level dimensions, which the
    paper chooses after a first training, are what a table's `dim` is for.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `GDCNOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "gdcn"})
        >>> from_spec(spec).name
        'gdcn'

    Reference:
        Wang et al., Towards deeper, lighter and interpretable cross network for CTR prediction,
        CIKM 2023, arXiv 2311.04635. Several tasks, each with a tower on the deep network, and the
        sequences' mean are our reading: the paper has one task and fields.
    """

    def build_layers(self) -> int:
        options, width = self.options(GDCNOptions), self.joined_width
        self.cross = []
        for index in range(options.cross_layers):
            layer = GatedCross(dtype=self.dtype_policy, name=f"cross_{index}")
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
            axes.append(NamedAxis(layer.bias, 0, names))
            for kernel in (layer.cross, layer.gate):
                axes += [NamedAxis(kernel, 0, names), NamedAxis(kernel, 1, names)]
        return axes

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        x = x0 = joined["embeddings"]
        for layer in self.cross:
            x = layer(x0, x)
        return self.for_every_task(self.deep(x, training=training))
