"""GDCN: cross layers whose interactions pass a gate."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.layers import GatedCross
from infnet_keras.models.interactions.cross_model import CrossModel
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import GDCNOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class GDCN(CrossModel):
    """y_i = tower_i(deep(x_L)), x_{l+1} = x_0 * (W_c x_l + b) * sigmoid(W_g x_l) + x_l.

    `CrossModel` says what x_0 is. The deep network stands on the cross layers: the paper's GDCN-S.
    Field-level dimensions, which the paper chooses after a first training, are what a table's `dim`
    is for.

    Args, attributes, call and errors are those of `SpecModel`; the options those of `GDCNOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "gdcn"})
        >>> from_spec(spec).name
        'gdcn'

    Reference:
        Wang et al., Towards deeper, lighter and interpretable cross network for CTR prediction,
        CIKM 2023, arXiv 2311.04635, equation 1. Several tasks, each with a tower on the deep
        network, and the sequences' mean are our reading: the paper has one task and fields.
    """

    def build_cross(self, width: int) -> list[Any]:
        layers = [
            GatedCross(dtype=self.dtype_policy, name=f"cross_{index}")
            for index in range(self.options(GDCNOptions).cross_layers)
        ]
        for layer in layers:
            layer.build((None, width), (None, width))
        return layers

    def cross_axes(self) -> list[NamedAxis]:
        axes, names = [], self.input_names
        for layer in self.cross:
            axes.append(NamedAxis(layer.bias, 0, names))
            for kernel in (layer.cross, layer.gate):
                axes += [NamedAxis(kernel, 0, names), NamedAxis(kernel, 1, names)]
        return axes
