"""INFNet's equations, one after another."""

from collections.abc import Mapping
from typing import Any

from infnet_keras.benchmark.plain.plain_blocks import PlainBlocks
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.token_positions import token_sequences

_EPSILON = 1e-7


class PlainINFNet:
    """Ids to probabilities as the paper writes it, with none of the layers' rewritings.

    phi is applied to every step of every sequence, keys and values of every token are projected
    for every use in every block, and every block writes C and S anew, times their gates. What no
    tower reads is left out, as our layers leave it out: the last block computes T alone.

    Args:
        spec: of an INFNet with one head, softmax and no dropout.
        arrays: the module of a framework's operations (`frameworks.arrays`).

    Attributes:
        blocks: the blocks alone.

    Reference:
        arXiv 2508.11565; residual, norms, output gate and first proxies are this package's options.
    """

    def __init__(self, spec: FeatureSpec, arrays: Any) -> None:
        self.spec = spec
        self.options: Any = spec.model
        self.arrays = arrays
        self.compute = "bfloat16" if spec.training.precision == "mixed_bfloat16" else "float32"
        self.blocks = PlainBlocks(spec, arrays, self.compute)
        self.sequences = token_sequences(spec)
        self.table_of = {feature.name: feature.table for feature in spec.sequence_features}

    def loss(self, weights: Mapping[str, Any], batch: tuple[Any, Any]) -> Any:
        """The tasks' cross-entropies, summed, of (ids by input, labels float [batch, tasks])."""
        inputs, labels = batch
        xp = self.arrays
        found = xp.clip(self.probabilities(weights, inputs), _EPSILON, 1.0 - _EPSILON)
        entropy = labels * xp.log(found) + (1.0 - labels) * xp.log1p(-found)
        return -xp.total(xp.average(entropy), 0)

    def probabilities(self, weights: Mapping[str, Any], inputs: Mapping[str, Any]) -> Any:
        """float32 [batch, tasks]."""
        xp = self.arrays
        outputs = self.blocks(weights, *self.tokens(weights, inputs))
        outputs = xp.cast(outputs, "float32")
        layers = len(self.options.tower_hidden) + 1
        for layer in range(layers):
            kernel, bias = (weights[f"towers/{part}_{layer}"] for part in ("kernel", "bias"))
            outputs = xp.einsum("bti,tio->bto", outputs, kernel) + bias
            outputs = outputs if layer == layers - 1 else xp.relu(outputs)
        return xp.sigmoid(outputs[..., 0])

    def tokens(
        self, weights: Mapping[str, Any], inputs: Mapping[str, Any]
    ) -> tuple[dict[str, Any], Any]:
        """C, S, C~, S~, T and T~ as they enter the first block, and the mask of S."""
        xp, dim = self.arrays, self.spec.dim
        c = xp.stack([self._rows(weights, inputs[f], f) for f in self.spec.fields], 1)
        batch = c.shape[0]
        if self.options.entry_norm == "layer":
            c = self.blocks.norm(weights, "categorical_tokens/norm", c)
        flat = xp.reshape(c, (batch, -1))
        proxies = self.blocks.mlp(weights, "categorical_tokens/perceptron", flat)
        tokens = {
            "categorical": c,
            "categorical_proxies": xp.reshape(proxies, (batch, -1, dim)),
            "shared_tasks": self._of_every_example(weights["task_tokens/shared"], batch),
            "tasks": self._of_every_example(weights["task_tokens/tasks"], batch),
        }
        sequences, masks, pooled = [], [], []
        kernel, bias = (
            xp.cast(weights[f"sequence_tokens/{part}"], self.compute) for part in ("kernel", "bias")
        )
        for each in self.sequences:
            [name] = each.inputs
            s = self._rows(weights, inputs[name], name)
            if self.options.entry_norm == "layer":
                s = self.blocks.norm(weights, "sequence_tokens/norm", s)
            valid = inputs[name] != 0
            phi = s @ kernel + bias
            pooled.append(xp.total(phi * xp.cast(valid, self.compute)[..., None], 1))
            sequences.append(s)
            masks.append(valid)
        tokens["sequence"] = xp.concatenate(sequences, 1)
        tokens["sequence_proxies"] = xp.stack(pooled, 1)
        return tokens, xp.concatenate(masks, 1)

    def _rows(self, weights: Mapping[str, Any], ids: Any, name: str) -> Any:
        table = self.table_of.get(name) or self.spec.field_table(name)
        return self.arrays.cast(self.arrays.take(weights[f"tables/{table}"], ids), self.compute)

    def _of_every_example(self, rows: Any, batch: int) -> Any:
        return self.arrays.cast(self.arrays.repeat_rows(rows, batch), self.compute)
