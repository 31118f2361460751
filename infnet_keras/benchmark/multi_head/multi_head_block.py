"""INFNet's block by Keras' own attention."""

from typing import Any

from infnet_keras.benchmark.multi_head.multi_head_cross_attention import MultiHeadCrossAttention
from infnet_keras.layers import INFNetBlock


class MultiHeadBlock(INFNetBlock):
    """The same flows and gates; the arguments are those of `INFNetBlock`."""

    def cross_attention(self, name: str) -> Any:
        return MultiHeadCrossAttention(
            self.num_heads, self.output_gate, dtype=self.dtype_policy, name=name
        )
