"""WuKong's equations (arXiv 2403.02545), with the products of all pairs written out."""

import numpy as np
from numpy_model import NumpyModel, layer_norm


class NumpyWuKong(NumpyModel):
    def represent(self):
        options = self.options
        x = np.array(self.pooled())
        for index in range(options.layers):
            path = f"layer_{index}"
            count = len(x)
            products = np.array([[x[i] @ x[j] for j in range(count)] for i in range(count)])
            flat = (products @ self.w[f"{path}/projection"]).reshape(-1)
            flat = layer_norm(self.w, f"{path}/product_norm", flat)
            hidden = len(options.fm_hidden)
            flat = self.mlp(f"{path}/perceptron", flat, hidden)
            last = f"{path}/perceptron/dense_{hidden}"
            flat = flat @ self.w[f"{last}/kernel"] + self.w[f"{last}/bias"]
            rows = list(flat.reshape(options.fm_vectors, self.spec.dim))
            for mixing in self.w[f"{path}/linear"]:
                rows.append(sum(mixing[i] * x[i] for i in range(count)))
            kept = self.w.get(f"{path}/residual", np.eye(count)) @ x
            x = np.array(
                [
                    layer_norm(self.w, f"{path}/norm", row + old)
                    for row, old in zip(rows, kept, strict=True)
                ]
            )
        return self.every_task(x.reshape(-1))
