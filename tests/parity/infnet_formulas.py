"""INFNet written down formula by formula (arXiv 2508.11565), with none of the layers' rewritings.

Keys and values are projected, C and S are rewritten by every gate, every block computes all that it
has weights for, sequences are pooled after phi. The only thing shared with the package is the names
of the weights. In torch, for its float64 and its autodiff, whatever the backend under test.
"""

import numpy as np
import torch


def probabilities(spec, table_rows, weights, inputs):
    """[batch, tasks], from `weights` (path without the model's name -> tensor) and id arrays."""
    w, options = Weights(weights), spec.model
    c, c_proxies, (s, mask, s_proxies), t, shared = first_tokens(spec, table_rows, w, inputs)
    first_c_proxies, batch = c_proxies, c.shape[0]

    for index in range(options.blocks):
        block = f"block_{index}"

        def ca(query_name, query, token_type, tokens, valid=None, block=block):
            """CA(query, tokens, tokens) with the weights of this use; 0 where there are none."""
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
            found = cross_attention(
                query,
                tokens,
                *(w[f"{path}/{kind}"][use] for kind in ("query", "key", "value")),
                options.num_heads,
                valid,
                options.attention,
            )
            if options.output_gate:
                found = found * torch.sigmoid(query @ w[f"{path}/gate"][use])
            return found

        def gate(token_type, proxies, block=block):
            if options.without == "gates":
                return 1.0
            hidden = 1 if options.gate_hidden is None else len(options.gate_hidden)
            flat = proxies.reshape(batch, -1)
            logits = w.mlp(f"{block}/{token_type}_gate/perceptron", hidden, flat)
            return torch.sigmoid(logits)[:, None, :]

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
        if options.without == "attention":
            # Proxies and T stay as they are, and gate.
            t = t * gate("tasks", shared)
            c_gated = c * gate("categorical", c_proxies)
            c = c + c_gated if options.residual else c_gated
            if has_s:
                s_gated = s * gate("sequence", s_proxies)
                s = s + s_gated if options.residual else s_gated
            continue
        if options.without == "gates":
            # C and S are never rewritten and T is never gated: no proxy reaches it.
            t = finish(
                "tasks",
                t,
                ca("t", t, "categorical", c),
                ca("t", t, "sequence", s, mask) if has_s else 0.0,
            )
            continue
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

    if options.without == "attention":
        t = t + c.mean(dim=1, keepdim=True)
        if s is not None:
            valid = mask[..., None].to(s.dtype)
            t = t + (s * valid).sum(dim=1, keepdim=True) / valid.sum(dim=1, keepdim=True).clamp(
                min=1
            )
    if options.towers_read == "tasks_and_proxies":
        t = t + first_c_proxies.mean(dim=1, keepdim=True)
    return towers(spec, w, t)


def towers(spec, w, t):
    """The answers of the tasks' towers, from T."""
    options = spec.model
    answers = []
    for task in range(len(spec.tasks)):
        x = t[:, task]
        for layer in range(len(options.tower_hidden) + 1):
            x = x @ w[f"towers/kernel_{layer}"][task] + w[f"towers/bias_{layer}"][task]
            if layer < len(options.tower_hidden):
                x = torch.relu(x)
        answers.append(torch.sigmoid(x[:, 0]))
    return torch.stack(answers, dim=1)


def first_tokens(spec, table_rows, w, inputs):
    """C, C~, (S, its mask, S~), T and T~ as they enter the first block."""
    inputs = {name: torch.tensor(ids) for name, ids in inputs.items()}
    options, d = spec.model, spec.dim
    embed = _embedder(spec, table_rows, w)

    c = []
    for name, field in spec.fields.items():
        value = embed(inputs[name], spec.field_table(name))
        if field.multivalue is not None:
            value = _pool(value, inputs[name] != 0, field.pooling)
        c.append(value)
    c = torch.stack(c, dim=1)
    batch = c.shape[0]
    if options.entry_norm == "layer":
        c = w.layer_norm("categorical_tokens/norm", c)
    c_hidden = [2 * d] if options.categorical_hidden is None else options.categorical_hidden
    c_proxies = None
    if "categorical_tokens/perceptron/dense_0/kernel" in w:
        c_proxies = w.mlp("categorical_tokens/perceptron", len(c_hidden), c.reshape(batch, -1))
        c_proxies = c_proxies.reshape(batch, options.categorical_proxies, d)

    sequences = None, None, None
    if spec.sequence_features:
        sequences = _sequences(spec, w, embed, inputs)

    count, num_shared = len(spec.tasks), options.shared_task_tokens
    if options.without == "task_tokens":
        t = w["task_tokens/vector"].expand(batch, count, -1)
        shared = w["task_tokens/vector"].expand(batch, num_shared, -1)
    else:
        t = w["task_tokens/tasks"].expand(batch, -1, -1)
        shared = (
            None if options.without == "gates" else w["task_tokens/shared"].expand(batch, -1, -1)
        )
    return c, c_proxies, sequences, t, shared


def _sequences(spec, w, embed, inputs):
    """S, its mask and S~: phi on every token, the sum over valid positions, the mixing."""
    options = spec.model
    groups = {}
    for feature in spec.sequence_features:
        key = feature.name if options.tokens == "per_attribute" else feature.sequence
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
        if options.entry_norm == "layer":
            token = w.layer_norm("sequence_tokens/norm", token)
        if options.sequence_position:
            rows = []
            for steps in valid:
                # The latest event is the last valid step; its vector is row 0.
                count = int(steps.sum())
                ages = [count - 1 - step for step in range(count)]
                added = w["sequence_tokens/positions"][ages]
                rows.append(torch.cat([added, torch.zeros(len(steps) - count, spec.dim)]))
            token = token + torch.stack(rows)
        tokens.append(token)
        masks.append(valid)
        if options.without == "gates":
            continue
        x = token
        for layer in range(len(options.sequence_hidden)):
            kernel = w[f"sequence_tokens/hidden_{layer}/kernel"]
            x = torch.relu(x @ kernel + w[f"sequence_tokens/hidden_{layer}/bias"])
        phi = x @ w["sequence_tokens/kernel"] + w["sequence_tokens/bias"]
        proxies.append((phi * valid[..., None]).sum(dim=1))
    joined = torch.cat(tokens, dim=1), torch.cat(masks, dim=1)
    if not proxies:
        return *joined, None
    proxies = torch.stack(proxies, dim=1)
    if options.sequence_proxies is not None:
        proxies = torch.einsum("kf,bfd->bkd", w["sequence_tokens/mixing"], proxies)
    return *joined, proxies


def cross_attention(query, tokens, wq, wk, wv, heads, valid, activation):
    """softmax((Q WQ)(K WK)^T / sqrt(dk)) (V WV), head by head; padding gets no weight."""
    q, k, v = query @ wq, tokens @ wk, tokens @ wv
    dk = q.shape[-1] // heads
    if valid is None:
        valid = torch.ones(tokens.shape[:2])
    keep = valid[:, None, :].to(q.dtype)
    nobody = (keep.sum(dim=-1, keepdim=True) == 0).to(q.dtype)
    outputs = []
    for head in range(heads):
        part = slice(head * dk, (head + 1) * dk)
        scores = torch.einsum("bnd,bld->bnl", q[..., part], k[..., part]) / np.sqrt(dk)
        if activation == "silu":
            weights = scores * torch.sigmoid(scores) * keep
        else:
            raised = torch.exp(scores - scores.detach().amax(dim=-1, keepdim=True)) * keep
            weights = raised / (raised.sum(dim=-1, keepdim=True) + nobody)
        outputs.append(torch.einsum("bnl,bld->bnd", weights, v[..., part]))
    return torch.cat(outputs, dim=-1)


def _embedder(spec, table_rows, w):
    """A function (ids, table) -> embeddings, from each table's own part of its width's weight."""
    tables, used = {}, {}
    for table, rows in table_rows.items():
        width = spec.table_dim(table)
        start = used.get(width, 0)
        tables[table] = w[f"embedded_inputs/embeddings/tables_{width}"][start : start + rows]
        used[width] = start + rows

    def embed(ids, table):
        value = tables[table][ids]
        width = spec.table_dim(table)
        return (
            value
            if width == spec.dim
            else value @ w[f"embedded_inputs/embeddings/projection_{width}/kernel"]
        )

    return embed


def _pool(values, valid, pooling):
    total = (values * valid[..., None]).sum(dim=-2)
    count = valid.sum(dim=-1, keepdim=True).clamp(min=1)
    return total / count if pooling == "mean" else total


class Weights(dict):
    def mlp(self, path, hidden, x):
        for layer in range(hidden + 1):
            x = x @ self[f"{path}/dense_{layer}/kernel"] + self[f"{path}/dense_{layer}/bias"]
            if layer < hidden:
                x = torch.relu(x)
        return x

    def layer_norm(self, path, x):
        mean = x.mean(dim=-1, keepdim=True)
        variance = ((x - mean) ** 2).mean(dim=-1, keepdim=True)
        normal = (x - mean) / torch.sqrt(variance + 1e-3)
        return normal * self[f"{path}/gamma"] + self[f"{path}/beta"]
