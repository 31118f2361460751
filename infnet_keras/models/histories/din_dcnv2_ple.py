"""DIN, DCN-V2 and PLE in one model: target attention, cross layers, levels of experts."""

from __future__ import annotations

from typing import Any

import keras

from infnet_keras.models.histories.din import DIN
from infnet_keras.models.interactions.low_rank_crosses import low_rank_axes, low_rank_crosses
from infnet_keras.models.multi_task.extraction import (
    extract,
    extraction_axes,
    extraction_levels,
)
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models import DINDCNv2PLEOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class DINDCNv2PLE(DIN):
    """y_k = tower_k(levels(x_L)_k), x_{l+1} = cross_l(x_0, x_l).

    x_0 = [fields; sum_j a(e_j, target) e_j of each behaviour] is what `DIN` reads, cross_l is a
    `LowRankCross` as `DCNv2` has it, and the levels of experts are those of `PLE`. Each part has
    the options, and the layers, of the model that it comes from. The experts of the first level
    stand where DIN and DCN-V2 have a deep network.

    Args, attributes, call and errors are those of `SpecModel`; the options those of
    `DINDCNv2PLEOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "din_dcnv2_ple"})
        >>> from_spec(spec).name
        'din_dcnv2_ple'

    Reference:
        The baseline in production of arXiv 2508.11565, table 4, which names its three parts and
        says no more: their order and their sizes are our reading. The papers of the parts stand at
        `DIN`, `DCNv2` and `PLE`.
    """

    def build_head(self, width: int) -> int:
        options = self.options(DINDCNv2PLEOptions)
        self.cross = low_rank_crosses(options, width, self.dtype_policy)
        self.levels = extraction_levels(options, len(self.tasks), width, self.dtype_policy)
        return options.expert_hidden[-1]

    def head_axes(self) -> list[NamedAxis]:
        levels = extraction_axes(self.levels, self.tasks, self.input_names)
        return [*low_rank_axes(self.cross, self.input_names), *levels]

    def head(self, x: Any, training: bool) -> Any:
        x0 = x
        for layer in self.cross:
            x = layer(x0, x)
        return extract(self.levels, x, training)
