"""DCN-V2's equations, one product at a time (arXiv 2008.13535, stacked, low-rank mixture)."""

import numpy as np
from numpy_model import NumpyModel, softmax

ACTIVATIONS = {"tanh": np.tanh, "relu": lambda x: np.maximum(x, 0.0), "linear": lambda x: x}


class NumpyDCNv2(NumpyModel):
    def represent(self):
        g = ACTIVATIONS[self.options.cross_activation]
        x = x0 = self.joined()
        for layer in range(self.options.cross_layers):
            path = f"cross_{layer}"
            v, c, u = (self.w[f"{path}/{name}"] for name in ("down", "core", "up"))
            gates = softmax(x @ self.w[f"{path}/gate"]) if len(v) > 1 else [1.0]
            following = x.copy()
            for i in range(len(v)):
                hidden = g(c[i].T @ g(v[i].T @ x))
                following += gates[i] * x0 * (u[i].T @ hidden + self.w[f"{path}/bias"])
            x = following
        return self.every_task(self.mlp("deep", x, len(self.options.deep_hidden)))
