"""HSTU's equations (arXiv 2402.17152), one query and one key at a time."""

import numpy as np
from numpy_model import NumpyModel, sigmoid


class NumpyHSTU(NumpyModel):
    def represent(self):
        spec, fields = self.spec, self.spec.fields
        timed = [n for n, sequence in spec.sequences.items() if sequence.time_gap is not None]
        names = [self.options.history] if self.options.history else timed if len(timed) > 1 else []
        if not names:
            everything = [n for n, sequence in spec.sequences.items() if sequence.when is None]
            names = [*everything, *spec.sequences][:1]
        history = [f for f in spec.sequence_features if f.sequence in names]
        # One matrix for each column (and table) of the histories, and for each other item field.
        kinds = list(dict.fromkeys(f.column for f in history))
        pairs = {f.column: field for f in history if (field := self.target_of(f)) is not None}
        others = [n for n in fields if fields[n].side == "item" and n not in pairs.values()]
        kernel = dict(zip(kinds + others, self.w["projection/kernel"], strict=True))

        means = dict(
            zip([*fields, *(f.name for f in spec.sequence_features)], self.pooled(), strict=True)
        )
        first = [means[n] for n in fields if fields[n].side != "item"]
        first += [means[f.name] for f in spec.sequence_features if f.sequence not in names]
        dated = []
        for number, name in enumerate(names):
            features = [f for f in history if f.sequence == name]
            for step in range(len(self.sequences[features[0].name])):
                token = sum(self.sequences[f.name][step] @ kernel[f.column] for f in features)
                gap = 0
                if len(names) > 1:
                    token = token + self.w["interleaving/actions"][number]
                    gap = self.ids[f"{name}__time_gap"][step]
                dated.append((float("-inf") if gap == 1 else -gap, token))
        dated.sort(key=lambda each: each[0])  # stable; 1 is the unknown gap
        steps = [token for _, token in dated]
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
