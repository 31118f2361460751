"""DCN-V2: cross layers, each a mixture of experts of low rank."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.models.interactions.cross_model import CrossModel
from infnet_keras.models.interactions.low_rank_crosses import low_rank_axes, low_rank_crosses
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import DCNv2Options


@keras.saving.register_keras_serializable(package="infnet_keras")
class DCNv2(CrossModel):
    """y_i = tower_i(deep(x_L)), x_{l+1} = x_l + sum_k G_k(x_l) x_0 * E_k(x_l), see `LowRankCross`.

    `CrossModel` says what x_0 is, and why the deep network stands on the cross layers and not
    beside them; the paper finds that which is better depends on the data.

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

    def build_cross(self, width: int) -> list[Any]:
        return low_rank_crosses(self.options(DCNv2Options), width, self.dtype_policy)

    def cross_axes(self) -> list[NamedAxis]:
        return low_rank_axes(self.cross, self.input_names)
