"""One block of INFNet's version 2: hubs aggregate the tokens of all types, then broadcast."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
from keras import ops

from infnet_keras.layers.embeddings.buckets import is_bucketed
from infnet_keras.layers.infnet.attending_block import AttendingBlock
from infnet_keras.layers.infnet.broadcast_gated_unit import BroadcastGatedUnit
from infnet_keras.layers.split_sizes import split_sizes
from infnet_keras.layers.token_normalization import TokenNormalization


@keras.saving.register_keras_serializable(package="infnet_keras")
class AggregateBroadcastBlock(AttendingBlock):
    """H' = LN(H + [CA(H, C), CA(H, S), CA(H, T)] W + b), then X' = LN(X + X * g + s).

    H are the hubs of each type, C~, S~ and T~, and the task tokens T, which aggregate as hubs do.
    g and s come from the new hubs of X's type, by a `BroadcastGatedUnit`: C~' for C, S~' for S, T~'
    for the T that the first half made. The attentions project no token, see `ProxyCrossAttention`,
    but as every token has a normalisation of its own, gates do not fold into the queries: C and S
    are rewritten, in one pass over them without a product of matrices.

    A state is a dict, that of `INFNetBlock` without gates: "categorical" C [batch, M, dim],
    "sequence" S [batch, L, dim] and "sequence_mask" bool [batch, L] (which a model without
    sequences does not have, and which may be tuples of buckets), "categorical_proxies",
    "sequence_proxies", "shared_tasks" and "tasks".

    Args:
        update_proxies: compute C~' and S~', and rewrite C and S. The last block of a model need
            not.
        attention: "softmax" or "silu".
        output_gate: as `ProxyCrossAttention` takes it.
        num_heads: heads of every cross attention.
        gate_hidden: hidden widths of the gates' MLPs; none makes them linear.
        dropout: rate on the hubs that leave the block (T is none), after they have gated.
        **kwargs: of `keras.layers.Layer`.

    Call:
        state: the state, see above.
        shared_history: "sequence" and "sequence_mask" have batch R, everything else R * K: K
            candidates share one history. A block that rewrites S leaves one for each candidate.
        return_attention: whether the attention weights are wanted too.
        Returns the new state or, with `return_attention`, the state and the weights: dict
        "categorical" | "sequence" -> dict query set -> float32 [batch, num_heads, n, tokens].

    Attributes are those of `AttendingBlock`.

    Example:
        >>> rows = {"categorical": 5, "sequence": 6, "categorical_proxies": 4}
        >>> rows |= {"sequence_proxies": 2, "shared_tasks": 2, "tasks": 3}
        >>> state = {name: np.ones((2, count, 8), "float32") for name, count in rows.items()}
        >>> state = AggregateBroadcastBlock()({**state, "sequence_mask": np.ones((2, 6), bool)})
        >>> state["tasks"].shape, state["sequence"].shape
        ((2, 3, 8), (2, 6, 8))

    Reference:
        arXiv 2508.11565v2 ("Aggregate and Broadcast"). That T~ gates T, where the paper calls both
        the hubs of the tasks, is our reading.
    """

    def __init__(
        self,
        update_proxies: bool = True,
        attention: Literal["softmax", "silu"] = "softmax",
        output_gate: bool = False,
        num_heads: int = 1,
        gate_hidden: Sequence[int] = (),
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(attention, output_gate, num_heads, **kwargs)
        self.update_proxies = update_proxies
        self.gate_hidden = tuple(gate_hidden)
        self.dropout = dropout

    def build(self, state_shape: Mapping[str, Any]) -> None:
        shapes = dict(state_shape)
        token_types = [kind for kind in ("categorical", "sequence") if kind in shapes]
        self.hubs = {"tasks": "shared_tasks"}
        if self.update_proxies:
            self.hubs |= {kind: f"{kind}_proxies" for kind in token_types}
        updated = [*self.hubs.values(), "tasks"]
        self.views = [*token_types, "tasks"]
        self.build_attentions(dict.fromkeys(self.views, updated), shapes)
        self.fusions, self.hub_norms = {}, {}
        for name in updated:
            batch, count, dim = shapes[name]
            fusion = keras.layers.Dense(dim, dtype=self.dtype_policy, name=f"{name}_fusion")
            fusion.build((batch, count, len(self.views) * dim))
            self.fusions[name] = fusion
            self.hub_norms[name] = self._norm(shapes[name], f"{name}_norm")
        self.gates, self.token_norms = {}, {}
        for kind, hubs in self.hubs.items():
            gate = BroadcastGatedUnit(
                self.gate_hidden, dtype=self.dtype_policy, name=f"{kind}_gate"
            )
            gate.build(shapes[hubs])
            self.gates[kind] = gate
            self.token_norms[kind] = self._norm(shapes[kind], f"gated_{kind}_norm")
        self.dropout_layer = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)

    def _norm(self, shape: Any, name: str) -> TokenNormalization:
        norm = TokenNormalization(dtype=self.dtype_policy, name=name)
        norm.build(shape)
        return norm

    def call(
        self,
        state: Mapping[str, Any],
        shared_history: bool = False,
        return_attention: bool = False,
    ) -> Any:
        views, attention = self.attend(state, shared_history, return_attention, None)
        new_state = dict(state)
        for name, read in views.items():
            fused = self.fusions[name](ops.concatenate(read, axis=-1))
            new_state[name] = self.hub_norms[name](ops.add(state[name], fused))
        for kind, hubs in self.hubs.items():
            gate, shift = self.gates[kind](new_state[hubs])
            tokens = new_state[kind]
            if is_bucketed(tokens):
                new_state[kind] = self._broadcast_buckets(kind, tokens, gate, shift)
            else:
                if shared_history and kind == "sequence":
                    tokens, mask = _of_each_candidate(tokens, state["sequence_mask"], gate)
                    new_state["sequence_mask"] = mask
                new_state[kind] = self._broadcast(kind, tokens, gate, shift)
        for hubs in self.hubs.values():
            new_state[hubs] = self.dropout_layer(new_state[hubs])
        return (new_state, attention) if return_attention else new_state

    def _broadcast(self, kind: str, tokens: Any, gate: Any, shift: Any) -> Any:
        """LN(X + X * g + s), one token a row."""
        gate, shift = (ops.expand_dims(each, 1) for each in (gate, shift))
        return self.token_norms[kind](ops.add(ops.multiply(tokens, 1.0 + gate), shift))

    def _broadcast_buckets(self, kind: str, buckets: Sequence[Any], gate: Any, shift: Any) -> Any:
        rows = [ops.shape(bucket)[0] for bucket in buckets]
        parts = zip(buckets, split_sizes(gate, rows, 0), split_sizes(shift, rows, 0), strict=True)
        return tuple(self._broadcast(kind, *part) for part in parts)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "update_proxies": self.update_proxies,
            "gate_hidden": list(self.gate_hidden),
            "dropout": self.dropout,
        }


def _of_each_candidate(tokens: Any, mask: Any, gate: Any) -> list[Any]:
    """The tokens and the mask of R requests, once for each of the rows of a gate, R * K."""
    requests, rows = ops.shape(tokens)[0], ops.shape(gate)[0]
    found = []
    for each in (tokens, mask):
        shape = tuple(each.shape[1:])
        each = ops.expand_dims(each, 1)
        each = ops.broadcast_to(each, (requests, rows // requests, *shape))
        found.append(ops.reshape(each, (-1, *shape)))
    return found
