"""INFNet written down formula by formula (arXiv 2508.11565), with none of the layers' rewritings.

Keys and values are projected, C and S are rewritten by every gate, every block computes everything
including what nobody reads (where it has weights for it), sequences are pooled after phi. The only
thing shared with the package is the names of the weights.
"""

import numpy as np
from keras import ops


def probabilities(spec, table_rows, weights, inputs):
    """[batch, tasks], from `weights` (path without the model's name -> tensor) and id arrays."""
    w = _Weights(weights)
    options, d = spec.model, spec.dim
    embed = _embedder(spec, table_rows, w)

    c = []
    for name, field in spec.fields.items():
        value = embed(inputs[name], spec.field_table(name))
        if field.multivalue is not None:
            value = _pool(value, inputs[name] != 0, field.pooling)
        c.append(value)
    c = ops.stack(c, axis=1)
    batch = c.shape[0]
    c_hidden = [2 * d] if options.categorical_hidden is None else options.categorical_hidden
    c_proxies = w.mlp("categorical_tokens/perceptron", len(c_hidden), ops.reshape(c, (batch, -1)))
    c_proxies = ops.reshape(c_proxies, (batch, options.categorical_proxies, d))

    s = mask = s_proxies = None
    if spec.sequence_features:
        s, mask, s_proxies = _sequences(spec, w, embed, inputs)

    t = ops.repeat(w["task_tokens/tasks"][None], batch, axis=0)
    shared = ops.repeat(w["task_tokens/shared"][None], batch, axis=0)

    for index in range(options.blocks):
        block = f"block_{index}"

        def ca(query_name, query, token_type, tokens, valid=None, block=block):
            """CA(query, tokens, tokens) with the weights of this use; 0 where the block has none."""
            path = f"{block}/{token_type}_attention"
            names = {
                "sequence": ["c", "shared", "t"],
                "categorical": ["s", "shared", "t"],
                "tasks": ["c", "s"],
            }[token_type]
            if not spec.sequence_features:
                names = [name for name in names if name != "s"]
            if path + "/query" not in weights:
                return 0.0
            # Blocks that leave something out leave it out from the front of the list.
            names = names[len(names) - weights[path + "/query"].shape[0] :]
            if query_name not in names:
                return 0.0
            use = names.index(query_name)
            return _cross_attention(
                query,
                tokens,
                *(w[f"{path}/{kind}"][use] for kind in ("query", "key", "value")),
                options.num_heads,
                valid,
            )

        def gate(token_type, proxies, block=block):
            hidden = 1 if options.gate_hidden is None else len(options.gate_hidden)
            flat = ops.reshape(proxies, (batch, -1))
            logits = w.mlp(f"{block}/{token_type}_gate/perceptron", hidden, flat)
            return 1.0 / (1.0 + ops.exp(-logits))[:, None, :]

        def finish(name, old, *flows, block=block):
            new = flows[0]
            for flow in flows[1:]:
                new = new + flow
            if options.residual:
                new = new + old
            if options.proxy_norm == "layer" and f"{block}/{name}_norm/gamma" in weights:
                new = w.layer_norm(f"{block}/{name}_norm", new)
            return new

        has_s = s is not None
        # heterogeneous flow
        new_c = finish(
            "categorical_proxies",
            c_proxies,
            ca("c", c_proxies, "tasks", t),
            ca("c", c_proxies, "sequence", s, mask) if has_s else 0.0,
        )
        new_s = None
        if has_s:
            new_s = finish(
                "sequence_proxies",
                s_proxies,
                ca("s", s_proxies, "categorical", c),
                ca("s", s_proxies, "tasks", t),
            )
        new_shared = finish(
            "shared_tasks",
            shared,
            ca("shared", shared, "categorical", c),
            ca("shared", shared, "sequence", s, mask) if has_s else 0.0,
        )
        t_hat = finish(
            "tasks",
            t,
            ca("t", t, "categorical", c),
            ca("t", t, "sequence", s, mask) if has_s else 0.0,
        )
        # homogeneous flow
        use_new = options.gate_source == "output"
        t = t_hat * gate("tasks", new_shared if use_new else shared)
        if index < options.blocks - 1:
            c_gated = c * gate("categorical", new_c if use_new else c_proxies)
            c = c + c_gated if options.residual else c_gated
            if has_s:
                s_gated = s * gate("sequence", new_s if use_new else s_proxies)
                s = s + s_gated if options.residual else s_gated
        c_proxies, s_proxies, shared = new_c, new_s, new_shared

    answers = []
    for task in range(len(spec.tasks)):
        x = t[:, task]
        for layer in range(len(options.tower_hidden) + 1):
            x = x @ w[f"towers/kernel_{layer}"][task] + w[f"towers/bias_{layer}"][task]
            if layer < len(options.tower_hidden):
                x = ops.relu(x)
        answers.append(1.0 / (1.0 + ops.exp(-x[:, 0])))
    return ops.stack(answers, axis=1)


def _sequences(spec, w, embed, inputs):
    """S, its mask and S~: phi on every token, the sum over valid positions, the mixing."""
    options = spec.model
    groups = {}
    for feature in spec.sequence_features:
        key = feature.name if spec.tokens == "per_attribute" else feature.sequence
        groups.setdefault(key, []).append(feature)
    tokens, masks, proxies = [], [], []
    for features in groups.values():
        token = 0.0
        for feature in features:
            ids = inputs[feature.name]
            value = embed(ids, feature.table)
            if feature.multivalue is not None:
                value = _pool(value, ids != 0, feature.pooling)
                ids = ids[..., 0]
            token = token + value
        valid = ids != 0
        if options.sequence_position:
            added = np.zeros((*valid.shape, w["sequence_tokens/positions"].shape[0]))
            for row, steps in enumerate(valid):
                events = np.flatnonzero(steps)
                for age, step in enumerate(reversed(events)):
                    added[row, step, age] = 1.0
            added = ops.convert_to_tensor(added, dtype=token.dtype)
            token = token + added @ w["sequence_tokens/positions"]
        x = token
        for layer in range(len(options.sequence_hidden)):
            kernel = w[f"sequence_tokens/hidden_{layer}/kernel"]
            x = ops.relu(x @ kernel + w[f"sequence_tokens/hidden_{layer}/bias"])
        phi = x @ w["sequence_tokens/kernel"] + w["sequence_tokens/bias"]
        keep = ops.convert_to_tensor(valid[..., None].astype("float64"), dtype=phi.dtype)
        tokens.append(token)
        masks.append(valid)
        proxies.append(ops.sum(phi * keep, axis=1))
    proxies = ops.stack(proxies, axis=1)
    if options.sequence_proxies is not None:
        proxies = ops.einsum("kf,bfd->bkd", w["sequence_tokens/mixing"], proxies)
    return ops.concatenate(tokens, axis=1), np.concatenate(masks, axis=1), proxies


def _cross_attention(query, tokens, wq, wk, wv, heads, valid):
    """softmax((Q WQ)(K WK)^T / sqrt(dk)) (V WV), head by head; padding gets no weight."""
    q, k, v = query @ wq, tokens @ wk, tokens @ wv
    dk = q.shape[-1] // heads
    if valid is None:
        valid = np.ones(tokens.shape[:2], bool)
    keep = ops.convert_to_tensor(valid[:, None, :].astype("float64"), dtype=q.dtype)
    nobody = ops.convert_to_tensor(
        (~valid.any(axis=1)).astype("float64")[:, None, None], dtype=q.dtype
    )
    outputs = []
    for head in range(heads):
        part = slice(head * dk, (head + 1) * dk)
        scores = ops.einsum("bnd,bld->bnl", q[..., part], k[..., part]) / float(np.sqrt(dk))
        shift = ops.stop_gradient(ops.max(scores, axis=-1, keepdims=True))
        raised = ops.exp(scores - shift) * keep
        weights = raised / (ops.sum(raised, axis=-1, keepdims=True) + nobody)
        outputs.append(ops.einsum("bnl,bld->bnd", weights, v[..., part]))
    return ops.concatenate(outputs, axis=-1)


def _embedder(spec, table_rows, w):
    """A function (ids, table) -> embeddings, from each table's own part of its width's weight."""
    tables, used = {}, {}
    for table, rows in table_rows.items():
        width = spec.table_dim(table)
        start = used.get(width, 0)
        tables[table] = w[f"tables/tables_{width}"][start : start + rows]
        used[width] = start + rows

    def embed(ids, table):
        value = ops.take(tables[table], ids, axis=0)
        width = spec.table_dim(table)
        return value if width == spec.dim else value @ w[f"tables/projection_{width}/kernel"]

    return embed


def _pool(values, valid, pooling):
    keep = ops.convert_to_tensor(valid[..., None].astype("float64"), dtype=values.dtype)
    total = ops.sum(values * keep, axis=-2)
    count = np.maximum(valid.sum(axis=-1, keepdims=True), 1) if pooling == "mean" else 1.0
    return total / ops.convert_to_tensor(count, dtype=values.dtype)


class _Weights(dict):
    def mlp(self, path, hidden, x):
        for layer in range(hidden + 1):
            x = x @ self[f"{path}/dense_{layer}/kernel"] + self[f"{path}/dense_{layer}/bias"]
            if layer < hidden:
                x = ops.relu(x)
        return x

    def layer_norm(self, path, x):
        mean = ops.mean(x, axis=-1, keepdims=True)
        variance = ops.mean(ops.square(x - mean), axis=-1, keepdims=True)
        normal = (x - mean) / ops.sqrt(variance + 1e-3)
        return normal * self[f"{path}/gamma"] + self[f"{path}/beta"]
