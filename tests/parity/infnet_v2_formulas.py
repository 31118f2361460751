"""INFNet's version 2 written down formula by formula (arXiv 2508.11565v2), nothing rewritten.

Keys and values are projected, every token is rewritten, every view is computed by itself:
H' = LN(H + [CA(H, C), CA(H, S), CA(H, T)] W + b), X' = LN(X + X * sigmoid(alpha) + beta).
"""

import torch
from infnet_formulas import Weights, cross_attention, first_tokens, towers


def probabilities_v2(spec, table_rows, weights, inputs):
    """[batch, tasks], from `weights` (path without the model's name -> tensor) and id arrays."""
    w, options = Weights(weights), spec.model
    c, c_hubs, (s, mask, s_hubs), t, t_hubs = first_tokens(spec, table_rows, w, inputs)
    first_c_hubs, batch = c_hubs, c.shape[0]
    for index in range(options.blocks):
        block = f"block_{index}"
        groups = {"categorical": (c, None), "sequence": (s, mask), "tasks": (t, None)}
        groups = {name: group for name, group in groups.items() if group[0] is not None}
        hubs = {"tasks": t, "shared_tasks": t_hubs}
        if index < options.blocks - 1:
            hubs |= {"categorical_proxies": c_hubs}
            hubs |= {"sequence_proxies": s_hubs} if s is not None else {}

        # phase 1: every hub reads every group, its own too
        new = {}
        for name, hub in hubs.items():
            views = []
            for group, (tokens, valid) in groups.items():
                path = f"{block}/{group}_attention"
                order = ["shared_tasks", "categorical_proxies", "sequence_proxies", "tasks"]
                use = [each for each in order if each in hubs].index(name)
                kernels = (w[f"{path}/{kind}"][use] for kind in ("query", "key", "value"))
                view = cross_attention(
                    hub, tokens, *kernels, options.num_heads, valid, options.attention
                )
                if options.output_gate:
                    view = view * torch.sigmoid(hub @ w[f"{path}/gate"][use])
                views.append(view)
            fused = torch.cat(views, dim=-1) @ w[f"{block}/{name}_fusion/kernel"]
            fused = fused + w[f"{block}/{name}_fusion/bias"]
            new[name] = w.layer_norm(f"{block}/{name}_norm", hub + fused)

        # phase 2: the hubs of a group scale and shift its tokens, channel by channel
        def broadcast(group, tokens, hub, block=block):
            path = f"{block}/{group}_gate/perceptron"
            both = w.mlp(path, len(options.gate_hidden or []), hub.reshape(batch, -1))
            alpha, beta = both[:, None, : spec.dim], both[:, None, spec.dim :]
            gated = tokens * torch.sigmoid(alpha) + beta
            return w.layer_norm(f"{block}/gated_{group}_norm", tokens + gated)

        t_hubs = new["shared_tasks"]
        t = broadcast("tasks", new["tasks"], t_hubs)
        if index < options.blocks - 1:
            c_hubs, s_hubs = new["categorical_proxies"], new.get("sequence_proxies")
            c = broadcast("categorical", c, c_hubs)
            s = None if s is None else broadcast("sequence", s, s_hubs)
    if options.towers_read == "tasks_and_proxies":
        t = t + first_c_hubs.mean(dim=1, keepdim=True)
    return towers(spec, w, t)
