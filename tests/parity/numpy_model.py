"""What every baseline shares, written down in plain NumPy loops: embeddings, means, towers.

One example at a time, in float64, no batch and no matrix of several things. The only thing shared
with the package is the names of the weights.
"""

import numpy as np


class NumpyModel:
    """A model's answers, from its weights by path (without the model's name).

    `represent()` of a subclass gives what the towers read: a vector for each task. `fields` (name
    -> vector) and `sequences` (name -> list of the valid steps' vectors) are what it has. Where an
    equation stops a gradient it reads `still`, which does not move when the weights do.
    """

    def __init__(self, spec, table_rows, weights, still=None):
        self.spec, self.w = spec, weights
        self.still = weights if still is None else still
        self.options = spec.model
        read = {spec.field_table(name) for name in spec.fields}
        read |= {feature.table for feature in spec.sequence_features}
        self.table_rows = {table: rows for table, rows in table_rows.items() if table in read}

    def probabilities(self, inputs):
        count = len(next(iter(inputs.values())))
        return np.array(
            [self._answers({n: v[row] for n, v in inputs.items()}) for row in range(count)]
        )

    def _answers(self, ids):
        self.fields = {n: self.field("embeddings", n, ids) for n in self.spec.fields}
        self.sequences = {
            f.name: self.steps("embeddings", f, ids) for f in self.spec.sequence_features
        }
        self.ids = ids
        return [self._tower(index, vector) for index, vector in enumerate(self.represent())]

    def _tower(self, task, x):
        last = len(self.options.tower_hidden)
        for layer in range(last + 1):
            x = x @ self.w[f"towers/kernel_{layer}"][task] + self.w[f"towers/bias_{layer}"][task]
            x = x if layer == last else np.maximum(x, 0.0)
        return sigmoid(x[0])

    def row(self, group, table, number):
        widths = {
            t: 1 if group == "first_order" else self.spec.table_dim(t) for t in self.table_rows
        }
        width = widths[table]
        start = 0
        for other, rows in self.table_rows.items():
            if other == table:
                break
            start += rows if widths[other] == width else 0
        value = self.w[f"embedded_inputs/{group}/tables_{width}"][start + number]
        if group != "first_order" and width != self.spec.dim:
            value = value @ self.w[f"embedded_inputs/{group}/projection_{width}/kernel"]
        return value

    def field(self, group, name, ids):
        field = self.spec.fields[name]
        return self.values(group, self.spec.field_table(name), ids[name], field.pooling)

    def values(self, group, table, numbers, pooling):
        """One value, or the pooled vectors of several."""
        if np.ndim(numbers) == 0:
            return self.row(group, table, numbers)
        found = [self.row(group, table, number) for number in numbers if number != 0]
        total = sum(found)
        return total / len(found) if pooling == "mean" else total

    def steps(self, group, feature, ids):
        numbers = ids[feature.name]
        valid = [each for each in numbers if np.any(each != 0)]
        return [self.values(group, feature.table, each, feature.pooling) for each in valid]

    def pooled(self, group="embeddings"):
        """A vector for each input: a field's, or the mean of a sequence's steps."""
        vectors = [self.field(group, name, self.ids) for name in self.spec.fields]
        for feature in self.spec.sequence_features:
            steps = self.steps(group, feature, self.ids)
            vectors.append(sum(steps) / len(steps) if steps else np.zeros_like(vectors[0]))
        return vectors

    def joined(self, group="embeddings"):
        return np.concatenate(self.pooled(group))

    def target_of(self, feature):
        """The field that an attribute of a history is compared with."""
        for name in self.spec.fields:
            if self.spec.field_column(name) == feature.column:
                return name
        for name, field in self.spec.fields.items():
            if field.side == "item" and self.spec.field_table(name) == feature.table:
                return name
        return None

    def mlp(self, path, x, layers):
        """Dense layers with ReLU each."""
        for layer in range(layers):
            kernel, bias = (self.w[f"{path}/dense_{layer}/{kind}"] for kind in ("kernel", "bias"))
            x = np.maximum(x @ kernel + bias, 0.0)
        return x

    def expert(self, path, index, x):
        """One network of a stack: layers with ReLU."""
        layer = 0
        while f"{path}/kernel_{layer}" in self.w:
            kernel, bias = (self.w[f"{path}/{kind}_{layer}"][index] for kind in ("kernel", "bias"))
            x = np.maximum(x @ kernel + bias, 0.0)
            layer += 1
        return x

    def every_task(self, vector):
        return [vector] * len(self.spec.tasks)


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def softmax(scores):
    raised = np.exp(np.asarray(scores) - np.max(scores))
    return raised / raised.sum()


def weighed(weights, vectors):
    return sum(weight * vector for weight, vector in zip(weights, vectors, strict=True))


def layer_norm(weights, path, x):
    normal = (x - x.mean()) / np.sqrt(((x - x.mean()) ** 2).mean() + 1e-3)
    return normal * weights[f"{path}/gamma"] + weights[f"{path}/beta"]
