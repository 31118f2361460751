"""DIEN's equations (arXiv 1809.03672), one step after the other."""

import numpy as np
from din_formulas import NumpyTargetModel
from numpy_model import sigmoid, softmax


class NumpyDIEN(NumpyTargetModel):
    def read(self, path, target, keys, steps):
        states = self.recurrence(f"{path}/extractor", steps, [1.0] * len(steps))
        attention = softmax([h @ self.w[f"{path}/attention"] @ target for h in states])
        return self.recurrence(f"{path}/evolution", states, attention)[-1]

    def recurrence(self, path, inputs, attention):
        w = {name.removeprefix(f"{path}/"): v for name, v in self.w.items() if path in name}
        state, states = np.zeros(len(w["update_bias"])), []
        for x, a in zip(inputs, attention, strict=True):
            update = sigmoid(
                x @ w["update_kernel"] + state @ w["update_recurrent"] + w["update_bias"]
            )
            reset = sigmoid(x @ w["reset_kernel"] + state @ w["reset_recurrent"] + w["reset_bias"])
            candidate = np.tanh(
                x @ w["candidate_kernel"]
                + reset * (state @ w["candidate_recurrent"])
                + w["candidate_bias"]
            )
            state = (1.0 - a * update) * state + a * update * candidate
            states.append(state)
        return states
