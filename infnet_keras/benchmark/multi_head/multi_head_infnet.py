"""INFNet by Keras' own attention."""

from collections.abc import Mapping
from typing import Any

from infnet_keras.benchmark.multi_head.multi_head_block import MultiHeadBlock
from infnet_keras.models import INFNet
from infnet_keras.models.block_options import block_options
from infnet_keras.spec.models import INFNetOptions


class MultiHeadINFNet(INFNet):
    """The package's model, whose blocks project keys and values of every token.

    Tables, tokens, proxies, gates, towers and the training step are the package's: only the
    attention differs.
    """

    def make_block(self, index: int) -> MultiHeadBlock:
        options = block_options(self.options(INFNetOptions), index)
        return MultiHeadBlock(**options, dtype=self.dtype_policy, name=f"block_{index}")

    def slots_of(self, state: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [{} for _ in self.blocks]  # each attention differentiates its tokens as usual
