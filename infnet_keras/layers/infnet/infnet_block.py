"""One INFNet block: proxies attend across types, then gate the tokens of their own type."""

import functools
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import keras
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers.infnet.proxy_cross_attention import ProxyCrossAttention
from infnet_keras.layers.infnet.proxy_gated_unit import ProxyGatedUnit
from infnet_keras.layers.token_normalization import TokenNormalization

# Whose rows query the tokens of a type, in the order of the attention's query sets.
QUERIES = {
    "sequence": ("categorical_proxies", "shared_tasks", "tasks"),
    "categorical": ("sequence_proxies", "shared_tasks", "tasks"),
    "tasks": ("categorical_proxies", "sequence_proxies"),
}


@keras.saving.register_keras_serializable(package="infnet_keras")
class INFNetBlock(keras.layers.Layer):
    """Heterogeneous flow, then homogeneous flow, on a state of tokens, proxies and gates.

    The tokens C and S are never rewritten: the state keeps them as they entered the first block,
    with the running product of the gates put on them since.

    A state is a dict:

    - "categorical" C0 [batch, M, dim] and, after the first block, "categorical_gate" [batch, dim]
    - "sequence" S0 [batch, L, dim], "sequence_mask" bool [batch, L] and "sequence_gate"; the first
      two may be tuples of buckets, see `ProxyCrossAttention`; a model without sequences has none
      of them
    - "categorical_proxies" C~, "sequence_proxies" S~, "shared_tasks" T~ and "tasks" T

    The last blocks of a model need not compute what no later one reads: the three roles say what is
    read.

    Args:
        update_proxies: compute C~' and S~'.
        update_shared: compute T~'.
        gate_tokens: put gates on C and S. Without it, the block is the last one.
        gate_tasks: put a gate on T^.
        attention: "softmax" or "silu", see `ProxyCrossAttention`; "none" leaves the heterogeneous
            flow out: proxies and T stay as they are, and gate.
        output_gate: as `ProxyCrossAttention` takes it.
        gate_source: "output" gates by the proxies that this block computes, "input" by those that
            it received.
        residual: adds the old proxies to the new ones and T to T^; the gate of C and S becomes
            1 + g.
        proxy_norm: "layer" normalises the new proxies and T^, after the residual.
        num_heads: heads of every cross attention.
        gate_hidden: hidden widths of the gates' MLPs; None takes one of the tokens' width.
        dropout: rate on the proxies that leave the block (T is no proxy). With gate_source
            "output" the gates read them before it.
        **kwargs: of `keras.layers.Layer`.

    Call:
        state: the state, see above.
        shared_history: "sequence" and "sequence_mask" have batch R, everything else R * K: K
            candidates share one history.
        return_attention: whether the attention weights are wanted too.
        slots: "categorical" | "sequence" -> where the gradient of these tokens goes, one of
            `gradient_slots`, made for `rows_of_queries`; without it they are differentiated as
            usual.
        Returns the new state or, with `return_attention`, the state and the weights: dict
        "categorical" | "sequence" -> dict query set -> float32 [batch, num_heads, n, tokens].

    Attributes:
        rows_of_queries: "categorical" | "sequence" | "tasks" -> rows, over all heads, that query
            the tokens of this kind; known once built.

    Raises:
        ModelError: the roles contradict the gate source.

    Example:
        >>> rows = {"categorical": 5, "sequence": 6, "categorical_proxies": 4}
        >>> rows |= {"sequence_proxies": 2, "shared_tasks": 2, "tasks": 3}
        >>> state = {name: np.ones((2, count, 8), "float32") for name, count in rows.items()}
        >>> state = INFNetBlock()({**state, "sequence_mask": np.ones((2, 6), bool)})
        >>> state["tasks"].shape, state["sequence_gate"].shape
        ((2, 3, 8), (2, 8))

    Reference:
        arXiv 2508.11565, heterogeneous and homogeneous flow.
    """

    def __init__(
        self,
        update_proxies: bool = True,
        update_shared: bool = True,
        gate_tokens: bool = True,
        gate_tasks: bool = True,
        attention: Literal["softmax", "silu", "none"] = "softmax",
        output_gate: bool = False,
        gate_source: Literal["output", "input"] = "output",
        residual: bool = False,
        proxy_norm: Literal["none", "layer"] = "none",
        num_heads: int = 1,
        gate_hidden: Sequence[int] | None = None,
        dropout: float = 0.0,
        **kwargs: Any,
    ) -> None:
        # The gates in the state are float32: autocasting would take their precision away.
        super().__init__(autocast=False, **kwargs)
        if gate_source not in ("output", "input") or proxy_norm not in ("none", "layer"):
            raise ModelError(
                "gate_source is 'output' or 'input' and proxy_norm 'none' or 'layer', found "
                f"{gate_source!r} and {proxy_norm!r}"
            )
        gates_without_proxies = (gate_tasks and not update_shared) or (
            gate_tokens and not update_proxies
        )
        if gate_source == "output" and gates_without_proxies:
            raise ModelError(
                "gate_source: output gates by the new proxies: update_shared must be on with "
                "gate_tasks, and update_proxies with gate_tokens"
            )
        self.update_proxies = update_proxies
        self.update_shared = update_shared
        self.gate_tokens = gate_tokens
        self.gate_tasks = gate_tasks
        self.attention = attention
        self.output_gate = output_gate
        self.gate_source = gate_source
        self.residual = residual
        self.proxy_norm = proxy_norm
        self.num_heads = num_heads
        self.gate_hidden = None if gate_hidden is None else tuple(gate_hidden)
        self.dropout = dropout

    def build(self, state_shape: Mapping[str, Any]) -> None:
        shapes = dict(state_shape)
        self.token_types = [kind for kind in ("categorical", "sequence") if kind in shapes]
        attends = self.attention != "none"
        self.updated = ["tasks"] if attends else []
        if attends and self.update_shared:
            self.updated.append("shared_tasks")
        if attends and self.update_proxies:
            self.updated += [f"{kind}_proxies" for kind in self.token_types]
        self.queries = {
            kind: [name for name in names if name in self.updated]
            for kind, names in QUERIES.items()
            if attends and (kind in self.token_types or (kind == "tasks" and self.update_proxies))
        }
        self.attentions = {}
        for kind, names in self.queries.items():
            attention = self.cross_attention(f"{kind}_attention")
            attention.build([shapes[name] for name in names], shapes[kind])
            self.attentions[kind] = attention
        self.rows_of_queries = {
            kind: self.num_heads * sum(shapes[name][1] for name in names)
            for kind, names in self.queries.items()
        }
        self.norms = {}
        if self.proxy_norm == "layer":
            for name in self.updated:
                norm = TokenNormalization(dtype=self.dtype_policy, name=f"{name}_norm")
                norm.build(shapes[name])
                self.norms[name] = norm
        self.gates = {}
        if self.gate_tasks:
            self.gates["tasks"] = self._gate("tasks", shapes["shared_tasks"], residual=False)
        if self.gate_tokens:
            for kind in self.token_types:
                proxies_shape = shapes[f"{kind}_proxies"]
                self.gates[kind] = self._gate(kind, proxies_shape, residual=self.residual)
        self.dropout_layer = keras.layers.Dropout(self.dropout, dtype=self.dtype_policy)

    def cross_attention(self, name: str) -> Any:
        """A layer that is called as `ProxyCrossAttention` is."""
        return ProxyCrossAttention(
            self.num_heads,
            "silu" if self.attention == "silu" else "softmax",
            self.output_gate,
            dtype=self.dtype_policy,
            name=name,
        )

    def _gate(self, kind: str, proxies_shape: Any, residual: bool) -> ProxyGatedUnit:
        gate = ProxyGatedUnit(
            self.gate_hidden, residual, dtype=self.dtype_policy, name=f"{kind}_gate"
        )
        gate.build(proxies_shape)
        return gate

    def call(
        self,
        state: Mapping[str, Any],
        shared_history: bool = False,
        return_attention: bool = False,
        slots: Mapping[str, Any] | None = None,
    ) -> Any:
        fresh, attention = self._heterogeneous_flow(
            state, shared_history, return_attention, slots or {}
        )
        new_state = {**state, **fresh}
        gating = dict(new_state) if self.gate_source == "output" else state
        if self.gate_tasks:
            task_gate = ops.expand_dims(self.gates["tasks"](gating["shared_tasks"]), 1)
            gated = ops.multiply(new_state["tasks"], task_gate)
            new_state["tasks"] = ops.cast(gated, self.compute_dtype)
        if self.gate_tokens:
            for kind in self.token_types:
                gate = self.gates[kind](gating[f"{kind}_proxies"])
                previous = state.get(f"{kind}_gate")
                new_state[f"{kind}_gate"] = gate if previous is None else previous * gate
            for name in self.updated[1:]:
                new_state[name] = self.dropout_layer(new_state[name])
        return (new_state, attention) if return_attention else new_state

    def _heterogeneous_flow(
        self,
        state: Mapping[str, Any],
        shared_history: bool,
        return_attention: bool,
        slots: Mapping[str, Any],
    ) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
        """The new proxies and T^, and the attention weights over C and S."""
        flows: dict[str, list[Any]] = {name: [] for name in self.updated}
        attention: dict[str, dict[str, Any]] = {}
        for kind, names in self.queries.items():
            outputs = self.attentions[kind](
                [state[name] for name in names],
                state[kind],
                tokens_mask=state["sequence_mask"] if kind == "sequence" else None,
                gate=state.get(f"{kind}_gate"),
                shared_tokens=shared_history and kind == "sequence",
                return_weights=return_attention,
                slot=slots.get(kind),
            )
            if return_attention:
                outputs, weights = outputs
                if kind != "tasks":
                    attention[kind] = dict(zip(names, weights, strict=True))
            for name, output in zip(names, outputs, strict=True):
                flows[name].append(output)
        fresh = {}
        for name, parts in flows.items():
            parts = [*parts, state[name]] if self.residual else parts
            fresh[name] = functools.reduce(ops.add, parts)
            if name in self.norms:
                fresh[name] = self.norms[name](fresh[name])
        return fresh, attention

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "update_proxies": self.update_proxies,
            "update_shared": self.update_shared,
            "gate_tokens": self.gate_tokens,
            "gate_tasks": self.gate_tasks,
            "attention": self.attention,
            "output_gate": self.output_gate,
            "gate_source": self.gate_source,
            "residual": self.residual,
            "proxy_norm": self.proxy_norm,
            "num_heads": self.num_heads,
            "gate_hidden": None if self.gate_hidden is None else list(self.gate_hidden),
            "dropout": self.dropout,
        }
