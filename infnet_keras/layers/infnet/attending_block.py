"""What the blocks of INFNet's two versions have in common: attention over tokens of each type."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras

from infnet_keras.layers.infnet.proxy_cross_attention import ProxyCrossAttention


class AttendingBlock(keras.layers.Layer):
    """A block with a `ProxyCrossAttention` over the tokens of each type.

    A subclass says in `build`, by `build_attentions`, whose rows query which tokens, and has what
    they read from `attend`.

    Args:
        attention: "softmax" or "silu", as `ProxyCrossAttention` takes it; "none" where no tokens
            are queried.
        output_gate: as `ProxyCrossAttention` takes it.
        num_heads: heads of every cross attention.
        **kwargs: of `keras.layers.Layer`.

    Attributes:
        queries: "categorical" | "sequence" | "tasks" -> names of the rows that query the tokens of
            this kind, in order; known once built, as all of these.
        attentions: the same kinds -> the layer.
        rows_of_queries: the same kinds -> rows that query, over all heads.
    """

    def __init__(
        self,
        attention: Literal["softmax", "silu", "none"] = "softmax",
        output_gate: bool = False,
        num_heads: int = 1,
        **kwargs: Any,
    ) -> None:
        # The gates in the state are float32: autocasting would take their precision away.
        super().__init__(autocast=False, **kwargs)
        self.attention = attention
        self.output_gate = output_gate
        self.num_heads = num_heads

    def build_attentions(
        self, queries: Mapping[str, Sequence[str]], shapes: Mapping[str, Any]
    ) -> None:
        """Create and build the attention over the tokens of each kind that is queried.

        Args:
            queries: kind of tokens -> names of the rows that query them.
            shapes: of the state, by name.
        """
        self.queries = {kind: list(names) for kind, names in queries.items()}
        self.attentions = {}
        for kind, names in self.queries.items():
            attention = self.cross_attention(f"{kind}_attention")
            attention.build([shapes[name] for name in names], shapes[kind])
            self.attentions[kind] = attention
        self.rows_of_queries = {
            kind: self.num_heads * sum(shapes[name][1] for name in names)
            for kind, names in self.queries.items()
        }

    def cross_attention(self, name: str) -> Any:
        """A layer that is called as `ProxyCrossAttention` is."""
        return ProxyCrossAttention(
            self.num_heads,
            "silu" if self.attention == "silu" else "softmax",
            self.output_gate,
            dtype=self.dtype_policy,
            name=name,
        )

    def attend(
        self,
        state: Mapping[str, Any],
        shared_history: bool,
        return_attention: bool,
        slots: Mapping[str, Any] | None,
    ) -> tuple[dict[str, list[Any]], dict[str, dict[str, Any]]]:
        """What each query set reads of the kinds of tokens, in their order, and the weights.

        Args:
            state: as the subclass takes it.
            shared_history: whether K candidates share the sequence tokens of each request.
            return_attention: whether the weights over C and S are wanted.
            slots: where the gradients of C and S go, if not to where they come from.

        Returns:
            Query set -> list of float [batch, n, dim]; kind -> query set -> weights float32
            [batch, num_heads, n, tokens], empty unless wanted.
        """
        read: dict[str, list[Any]] = {}
        attention: dict[str, dict[str, Any]] = {}
        for kind, names in self.queries.items():
            outputs = self.attentions[kind](
                [state[name] for name in names],
                state[kind],
                tokens_mask=state["sequence_mask"] if kind == "sequence" else None,
                gate=state.get(f"{kind}_gate"),
                shared_tokens=shared_history and kind == "sequence",
                return_weights=return_attention,
                slot=(slots or {}).get(kind),
            )
            if return_attention:
                outputs, weights = outputs
                if kind != "tasks":
                    attention[kind] = dict(zip(names, weights, strict=True))
            for name, output in zip(names, outputs, strict=True):
                read.setdefault(name, []).append(output)
        return read, attention

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "attention": self.attention,
            "output_gate": self.output_gate,
            "num_heads": self.num_heads,
        }
