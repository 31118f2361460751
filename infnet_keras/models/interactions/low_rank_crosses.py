"""DCN-V2's cross layers, for the models that have them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from infnet_keras.layers import LowRankCross
from infnet_keras.models.named_axis import NamedAxis
from infnet_keras.spec.models.interactions.low_rank_cross_options import LowRankCrossOptions


def low_rank_crosses(options: LowRankCrossOptions, width: int, dtype: Any) -> list[LowRankCross]:
    """The cross layers that the options describe, built for an x of a width.

    Example:
        >>> options = LowRankCrossOptions(cross_layers=2, rank=3)
        >>> [layer.name for layer in low_rank_crosses(options, 8, "float32")]
        ['cross_0', 'cross_1']
    """
    layers = [
        LowRankCross(
            options.rank,
            options.experts,
            options.cross_activation,
            dtype=dtype,
            name=f"cross_{index}",
        )
        for index in range(options.cross_layers)
    ]
    for layer in layers:
        layer.build((None, width), (None, width))
    return layers


def low_rank_axes(layers: Sequence[LowRankCross], names: Sequence[str]) -> list[NamedAxis]:
    """The axes of their weights along x, which has a part for each of the names."""
    axes = []
    for layer in layers:
        axes += [NamedAxis(layer.down, 1, names), NamedAxis(layer.up, 2, names)]
        axes.append(NamedAxis(layer.bias, 0, names))
        if layer.num_experts > 1:
            axes.append(NamedAxis(layer.gate, 0, names))
    return axes
