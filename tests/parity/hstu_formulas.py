"""HSTU's equations (arXiv 2402.17152), one query and one key at a time."""

import numpy as np
from numpy_model import NumpyModel, sigmoid


class NumpyHSTU(NumpyModel):
    def represent(self):
        spec, fields = self.spec, self.spec.fields
        name = self.options.history
        if name is None:
            everything = [n for n, sequence in spec.sequences.items() if sequence.when is None]
            name = next(iter([*everything, *spec.sequences]), None)
        history = [f for f in spec.sequence_features if f.sequence == name]
        pairs = {f.name: field for f in history if (field := self.target_of(f)) is not None}
        others = [n for n in fields if fields[n].side == "item" and n not in pairs.values()]
        kernel = dict(
            zip([f.name for f in history] + others, self.w["projection/kernel"], strict=True)
        )

        means = dict(
            zip([*fields, *(f.name for f in spec.sequence_features)], self.pooled(), strict=True)
        )
        first = [means[n] for n in fields if fields[n].side != "item"]
        first += [means[f.name] for f in spec.sequence_features if f.sequence != name]
        count = len(self.sequences[history[0].name]) if history else 0
        steps = [
            sum(self.sequences[f.name][step] @ kernel[f.name] for f in history)
            for step in range(count)
        ]
        candidate = sum(self.fields[field] @ kernel[key] for key, field in pairs.items())
        candidate = candidate + sum(self.fields[n] @ kernel[n] for n in others)
        tokens = [*first, *steps, candidate]
        for block in range(self.options.blocks):
            tokens = self.block(f"layer_{block}", tokens, len(first))
        return self.every_task(tokens[-1])

    def block(self, path, tokens, num_fields):
        """The candidate is the token after the latest step: a causal mask is all that it takes."""
        w = {name: self.w[f"{path}/{name}"] for name in ("distance_bias", "output_kernel")}
        heads, size = self.options.num_heads, self.spec.dim // self.options.num_heads
        u, v, q, k = (
            [
                self.silu(x @ self.w[f"{path}/{n}_kernel"] + self.w[f"{path}/{n}_bias"])
                for x in tokens
            ]
            for n in "uvqk"
        )
        updated = []
        for i, token in enumerate(tokens):
            read = np.zeros(self.spec.dim)
            for j in range(len(tokens)):
                if j < num_fields:
                    bias = self.w[f"{path}/field_bias"][j]
                elif j <= i:
                    bias = w["distance_bias"][i - j]
                else:
                    continue
                for head in range(heads):
                    part = slice(head * size, (head + 1) * size)
                    read[part] += self.silu(q[i][part] @ k[j][part] + bias) * v[j][part]
            normal = (read - read.mean()) / np.sqrt(read.var() + 1e-6)
            normal = normal * self.w[f"{path}/norm/gamma"] + self.w[f"{path}/norm/beta"]
            updated.append(
                token + (normal * u[i]) @ w["output_kernel"] + self.w[f"{path}/output_bias"]
            )
        return updated

    def silu(self, x):
        return x * sigmoid(x)
