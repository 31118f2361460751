"""The factorization machine's equation: every pair of vectors, one by one (Rendle, ICDM 2010)."""

import numpy as np
from numpy_model import NumpyModel


class NumpyFM(NumpyModel):
    def represent(self):
        linear = sum(self.pooled("first_order"))
        vectors = self.pooled()
        pairs = np.zeros(self.spec.dim)
        for j in range(len(vectors)):
            for i in range(j):
                pairs += vectors[i] * vectors[j]
        return self.every_task(np.concatenate([linear, pairs]))
