"""DIN's equations (arXiv 1706.06978): every step is scored for the candidate, one by one."""

import numpy as np
from numpy_model import NumpyModel, softmax


class NumpyTargetModel(NumpyModel):
    """Fields and what `read` gives of each behaviour, joined, through the deep network."""

    def represent(self):
        return self.every_task(self.mlp("deep", self.x(), len(self.options.deep_hidden)))

    def x(self):
        parts = [self.fields[name] for name in self.spec.fields]
        for sequence in self.spec.sequences:
            features = [f for f in self.spec.sequence_features if f.sequence == sequence]
            compared = [(f, field) for f in features if (field := self.target_of(f)) is not None]
            steps = [
                np.concatenate([self.sequences[f.name][step] for f in features])
                for step in range(len(self.sequences[features[0].name]))
            ]
            if not steps:
                parts.append(np.zeros(self.spec.dim * len(features)))
            elif not compared:
                parts.append(sum(steps) / len(steps))
            else:
                target = np.concatenate([self.fields[field] for _, field in compared])
                keys = [
                    np.concatenate([self.sequences[f.name][step] for f, _ in compared])
                    for step in range(len(steps))
                ]
                parts.append(self.read(f"{sequence}_history", target, keys, steps))
        return np.concatenate(parts)


class NumpyDIN(NumpyTargetModel):
    def read(self, path, target, keys, steps):
        scores = [self.activation(path, target, key) for key in keys]
        weights = softmax(scores) if self.options.attention == "softmax" else scores
        return sum(weight * step for weight, step in zip(weights, steps, strict=True))

    def activation(self, path, q, k):
        joined = np.concatenate([q, k, q - k, q * k])
        parts = ("query", "key", "difference", "product")
        kernel = np.concatenate([self.w[f"{path}/{part}"] for part in parts])
        for layer in range(len(self.options.attention_hidden)):
            x = joined @ kernel + self.w[f"{path}/bias_{layer}"]
            joined = np.where(x > 0, x, self.w[f"{path}/slope_{layer}"] * x)
            kernel = self.w[f"{path}/kernel_{layer + 1}"]
        last_bias = self.w.get(f"{path}/last_bias", np.zeros(1))
        return (joined @ kernel + last_bias)[0]
