"""Baselines written down equation by equation, example by example, in NumPy and float64.

Each is a function of the weights alone, so that finite differences give its gradients. The only
thing shared with the package is the names of the weights.
"""

from typing import Any

import numpy as np


def answers(spec: Any, rows: Any, w: Any, inputs: Any, still: Any = None) -> np.ndarray:
    """Probabilities [batch, tasks].

    Args:
        w: path of a weight without the model's name -> array.
        still: the weights that gradients are stopped at: where an equation stops one, these are
            read instead, and they do not move when `w` does. None: `w`.
    """
    equations = MODELS[spec.model.type]
    still = w if still is None else still
    found = []
    for example in range(len(next(iter(inputs.values())))):
        ids = {name: values[example] for name, values in inputs.items()}
        x, still_x = (Joined(spec, rows, each, ids) for each in (w, still))
        read = equations(spec, w, x, still, still_x)
        found.append([tower(w, task, each) for task, each in enumerate(read)])
    return np.array(found)


def mmoe(spec: Any, w: Any, x: Any, still: Any, still_x: Any) -> list[np.ndarray]:
    """y_k = h_k(sum_i g_k(x)_i f_i(x)), g_k(x) = softmax(W_k x)."""
    x = x["embeddings"]
    f = [expert(w, "experts", i, x) for i in range(spec.model.experts)]
    return [weighed(softmax(x @ w["gates/kernel"][k]), f) for k in range(len(spec.tasks))]


def omoe(spec: Any, w: Any, x: Any, still: Any, still_x: Any) -> list[np.ndarray]:
    """y_k = h_k(sum_i g(x)_i f_i(x)), g(x) = softmax(W x)."""
    x = x["embeddings"]
    f = [expert(w, "experts", i, x) for i in range(spec.model.experts)]
    return [weighed(softmax(x @ w["gate/kernel"][0]), f) for _ in spec.tasks]


def ple(spec: Any, w: Any, x: Any, still: Any, still_x: Any) -> list[np.ndarray]:
    """Levels: x_k = g_k(x_k) [E_k(x_k), E_s(x_s)], x_s = g_s(x_s) [E_1(x_1) ..., E_s(x_s)]."""
    options, tasks = spec.model, range(len(spec.tasks))
    own, shared = [x["embeddings"] for _ in tasks], x["embeddings"]
    for level in (f"level_{i}" for i in range(options.levels)):
        count = options.task_experts
        e_own = [
            [expert(w, f"{level}/task_experts", k * count + i, own[k]) for i in range(count)]
            for k in tasks
        ]
        e_shared = [
            expert(w, f"{level}/shared_experts", i, shared) for i in range(options.shared_experts)
        ]
        gates = w[f"{level}/task_gates/kernel"]
        own = [weighed(softmax(own[k] @ gates[k]), e_own[k] + e_shared) for k in tasks]
        if level != f"level_{options.levels - 1}":
            gate = softmax(shared @ w[f"{level}/shared_gate/kernel"][0])
            shared = weighed(gate, [e for each in e_own for e in each] + e_shared)
    return own


def stem(spec: Any, w: Any, x: Any, still: Any, still_x: Any) -> list[np.ndarray]:
    """y_k = h_k(g_k(x_k + x_s) [E_1, ..., E_K, E_s]), where other tasks' experts stand still."""
    options, tasks = spec.model, list(spec.tasks)
    count = options.task_experts

    def of_task(k: int, v: Any, joined: Any) -> list[np.ndarray]:
        x_k = joined[f"{tasks[k]}_embeddings"]
        return [expert(v, "task_experts", k * count + i, x_k) for i in range(count)]

    x_s = x["embeddings"]
    shared = [expert(w, "shared_experts", i, x_s) for i in range(options.shared_experts)]
    found = []
    for k, task in enumerate(tasks):
        gate = softmax((x[f"{task}_embeddings"] + x_s) @ w["gates/kernel"][k])
        seen = []
        for j in range(len(tasks)):
            seen += of_task(j, w, x) if j == k else of_task(j, still, still_x)
        found.append(weighed(gate, seen + shared))
    return found


def aitm(spec: Any, w: Any, x: Any, still: Any, still_x: Any) -> list[np.ndarray]:
    """z_1 = q_1, z_t = AIT(g_t(z_(t-1)), q_t), along the chain."""
    tasks, x = list(spec.tasks), x["embeddings"]
    chain = spec.model.task_order or tasks
    z = {chain[0]: expert(w, "bottoms", tasks.index(chain[0]), x)}
    for t in range(1, len(chain)):
        u_p = z[chain[t - 1]] @ w["transfer/transfer"][t - 1] + w["transfer/transfer_bias"][t - 1]
        pair = [np.maximum(u_p, 0.0), expert(w, "bottoms", tasks.index(chain[t]), x)]
        h1, h2, h3 = (w[f"transfer/{name}"][t - 1] for name in ("value", "key", "query"))
        scores = np.array([(u @ h2) @ (u @ h3) / np.sqrt(len(u)) for u in pair])
        z[chain[t]] = weighed(softmax(scores), [u @ h1 for u in pair])
    return [z[task] for task in tasks]


MODELS = {"mmoe": mmoe, "omoe": omoe, "ple": ple, "stem": stem, "aitm": aitm}


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max())
    return powers / powers.sum()


def weighed(weights: np.ndarray, vectors: list[np.ndarray]) -> np.ndarray:
    assert len(weights) == len(vectors)
    return sum(weight * vector for weight, vector in zip(weights, vectors, strict=True))


def expert(w: Any, path: str, index: int, x: np.ndarray) -> np.ndarray:
    """One network of a stack: layers with ReLU."""
    layer = 0
    while f"{path}/kernel_{layer}" in w:
        kernel, bias = w[f"{path}/kernel_{layer}"][index], w[f"{path}/bias_{layer}"][index]
        x = np.maximum(x @ kernel + bias, 0.0)
        layer += 1
    return x


def tower(w: Any, task: int, x: np.ndarray) -> float:
    """Layers with ReLU and, last, the logit of a probability."""
    layers = sum(path.startswith("towers/kernel_") for path in w)
    for layer in range(layers):
        x = x @ w[f"towers/kernel_{layer}"][task] + w[f"towers/bias_{layer}"][task]
        x = np.maximum(x, 0.0) if layer < layers - 1 else x
    return 1.0 / (1.0 + np.exp(-x[0]))


class Joined:
    """Of a lookup group: the embeddings of all fields and the mean of each sequence, joined."""

    def __init__(self, spec: Any, rows: Any, w: Any, ids: Any) -> None:
        self.spec, self.rows, self.w, self.ids = spec, rows, w, ids

    def __getitem__(self, group: str) -> np.ndarray:
        spec, parts = self.spec, []
        for name, field in spec.fields.items():
            parts.append(self.value(group, spec.field_table(name), self.ids[name], field.pooling))
        for each in spec.sequence_features:
            steps = [
                self.value(group, each.table, step, each.pooling)
                for step in self.ids[each.name]
                if np.ravel(step)[0] != 0
            ]
            parts.append(np.mean(steps, axis=0) if steps else np.zeros(spec.dim))
        return np.concatenate(parts)

    def value(self, group: str, table: str, ids: Any, pooling: str) -> np.ndarray:
        """Of one id, or of several, 0 being padding."""
        found = [self.row(group, table, each) for each in np.ravel(ids) if each != 0]
        return np.mean(found, axis=0) if pooling == "mean" else np.sum(found, axis=0)

    def row(self, group: str, table: str, row: int) -> np.ndarray:
        """Tables of one width stand one below the other; another width is projected."""
        width = self.spec.table_dim(table)
        for before, count in self.rows.items():
            if before == table:
                break
            row += count if self.spec.table_dim(before) == width else 0
        path = f"embedded_inputs/{group}"
        vector = self.w[f"{path}/tables_{width}"][row]
        if width != self.spec.dim:
            vector = vector @ self.w[f"{path}/projection_{width}/kernel"]
        return vector
