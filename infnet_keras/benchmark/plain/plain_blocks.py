"""INFNet's blocks as their equations are written."""

import functools
import math
import operator
from collections.abc import Mapping
from typing import Any

from infnet_keras.spec import FeatureSpec

# Whose rows look at which tokens.
_LOOKS = {
    "sequence": ("categorical_proxies", "shared_tasks", "tasks"),
    "categorical": ("sequence_proxies", "shared_tasks", "tasks"),
    "tasks": ("categorical_proxies", "sequence_proxies"),
}
_NORM_EPSILON = 1e-3


class PlainBlocks:
    """From tokens to T as it leaves the last block.

    Args:
        spec, arrays: as `PlainINFNet` takes them.
        compute: dtype of products, "float32" or "bfloat16"; the rest is float32.

    Call:
        weights: as `plain_weights` names them.
        tokens: "categorical" C, "sequence" S, "categorical_proxies" C~, "sequence_proxies" S~,
            "shared_tasks" T~ and "tasks" T, float [batch, rows, dim].
        mask: bool [batch, L], True at the steps of S that count.
        Returns float [batch, tasks, dim].

    Reference:
        arXiv 2508.11565, heterogeneous and homogeneous flow.
    """

    def __init__(self, spec: FeatureSpec, arrays: Any, compute: str) -> None:
        self.options: Any = spec.model
        self.dim = spec.dim
        self.arrays = arrays
        self.compute = compute

    def __call__(self, weights: Mapping[str, Any], tokens: Mapping[str, Any], mask: Any) -> Any:
        state = dict(tokens)
        for index in range(self.options.blocks):
            state |= self._block(weights, f"block_{index}", state, mask)
        tasks = state["tasks"]
        if self.options.towers_read == "tasks_and_proxies":
            first = tokens["categorical_proxies"]
            tasks = tasks + self.arrays.total(first, 1, keepdims=True) / first.shape[1]
        return tasks

    def _block(
        self, weights: Mapping[str, Any], block: str, state: dict[str, Any], mask: Any
    ) -> dict[str, Any]:
        flows: dict[str, list[Any]] = {}
        for kind, names in _LOOKS.items():
            for name in names:
                use = f"{block}/{kind}/{name}"
                if f"{use}/query" in weights:  # else no tower reads what it would give
                    valid = mask if kind == "sequence" else None
                    found = self._cross_attention(weights, use, state[name], state[kind], valid)
                    flows.setdefault(name, []).append(found)
        new = {}
        for name, parts in flows.items():
            parts = [*parts, state[name]] if self.options.residual else parts
            new[name] = functools.reduce(operator.add, parts)
            if self.options.proxy_norm == "layer":
                new[name] = self.norm(weights, f"{block}/{name}_norm", new[name])
        gating = {**state, **new} if self.options.gate_source == "output" else state
        for kind in ("categorical", "sequence"):
            gate = self._gate(weights, f"{block}/{kind}_gate", gating[f"{kind}_proxies"])
            if gate is not None:
                gate = 1.0 + gate if self.options.residual else gate
                new[kind] = self._times(state[kind], gate)
        gate = self._gate(weights, f"{block}/tasks_gate", gating["shared_tasks"])
        new["tasks"] = self._times(new["tasks"], gate)
        return new

    def _cross_attention(
        self, weights: Mapping[str, Any], use: str, rows: Any, tokens: Any, valid: Any
    ) -> Any:
        """CA = softmax((Q WQ)(X WK)^T / sqrt(d)) (X WV), times the output gate."""
        xp = self.arrays
        matrix = {
            part: xp.cast(weights[f"{use}/{part}"], self.compute)
            for part in ("query", "key", "value")
        }
        queries, keys, values = (
            rows @ matrix["query"],
            tokens @ matrix["key"],
            tokens @ matrix["value"],
        )
        scores = xp.cast(queries @ xp.transpose(keys), "float32") / math.sqrt(self.dim)
        if valid is not None:
            scores = xp.where(valid[:, None, :], scores, -1e9)
        found = xp.cast(xp.softmax(scores), self.compute) @ values
        if valid is not None:  # an empty history gives 0
            found = found * xp.cast(xp.some(valid), self.compute)[..., None]
        if self.options.output_gate:
            logits = rows @ xp.cast(weights[f"{use}/gate"], self.compute)
            found = self._times(found, xp.sigmoid(xp.cast(logits, "float32")))
        return found

    def _gate(self, weights: Mapping[str, Any], path: str, proxies: Any) -> Any:
        """sigmoid(MLP(flatten(X~))) [batch, 1, dim]; None where the block has no such gate."""
        if f"{path}/perceptron/dense_0/kernel" not in weights:
            return None
        xp = self.arrays
        flat = xp.reshape(proxies, (proxies.shape[0], -1))
        logits = xp.cast(self.mlp(weights, f"{path}/perceptron", flat), "float32")
        return xp.sigmoid(logits)[:, None, :]

    def _times(self, values: Any, gate: Any) -> Any:
        return values * self.arrays.cast(gate, self.compute)

    def mlp(self, weights: Mapping[str, Any], path: str, values: Any) -> Any:
        """Two dense layers with ReLU between them."""
        xp = self.arrays
        for layer in range(2):
            kernel, bias = (
                xp.cast(weights[f"{path}/dense_{layer}/{part}"], self.compute)
                for part in ("kernel", "bias")
            )
            values = values @ kernel + bias
            values = xp.relu(values) if layer == 0 else values
        return values

    def norm(self, weights: Mapping[str, Any], path: str, values: Any) -> Any:
        """Layer normalisation over the channels."""
        xp = self.arrays
        gamma, beta = weights[f"{path}/gamma"], weights[f"{path}/beta"]
        normal = xp.layer_norm(xp.cast(values, "float32"), gamma, beta, _NORM_EPSILON)
        return xp.cast(normal, self.compute)
