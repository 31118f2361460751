"""GDCN's equations (arXiv 2311.04635, stacked), output by output."""

import numpy as np
from numpy_model import NumpyModel, sigmoid


class NumpyGDCN(NumpyModel):
    def represent(self):
        x = x0 = self.joined()
        for layer in range(self.options.cross_layers):
            cross, gate, bias = (
                self.w[f"cross_{layer}/{name}"] for name in ("cross", "gate", "bias")
            )
            x = np.array(
                [
                    x0[j] * (x @ cross[:, j] + bias[j]) * sigmoid(x @ gate[:, j]) + x[j]
                    for j in range(len(x))
                ]
            )
        return self.every_task(self.mlp("deep", x, len(self.options.deep_hidden)))
