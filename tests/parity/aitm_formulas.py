"""AITM's equations (Xi et al., KDD 2021), along the chain."""

import numpy as np
from numpy_model import NumpyModel, softmax, weighed


class NumpyAITM(NumpyModel):
    """z_1 = q_1, z_t = AIT(g_t(z_(t-1)), q_t)."""

    def represent(self):
        tasks, x = list(self.spec.tasks), self.joined()
        chain = self.options.task_order or tasks
        z = {chain[0]: self.expert("bottoms", tasks.index(chain[0]), x)}
        for t in range(1, len(chain)):
            names = ("transfer", "transfer_bias", "key", "query", "value")
            w = {name: self.w[f"transfer/{name}"][t - 1] for name in names}
            u_p = np.maximum(z[chain[t - 1]] @ w["transfer"] + w["transfer_bias"], 0.0)
            pair = [u_p, self.expert("bottoms", tasks.index(chain[t]), x)]
            scores = [(u @ w["key"]) @ (u @ w["query"]) / np.sqrt(len(u)) for u in pair]
            z[chain[t]] = weighed(softmax(scores), [u @ w["value"] for u in pair])
        return [z[task] for task in tasks]
