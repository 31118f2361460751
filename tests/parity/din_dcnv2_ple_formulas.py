"""DIN's x (arXiv 1706.06978), DCN-V2's crosses of it (2008.13535), PLE's levels (RecSys 2020)."""

import numpy as np
from din_formulas import NumpyDIN
from numpy_model import softmax, weighed


class NumpyDINDCNv2PLE(NumpyDIN):
    def represent(self):
        x = x0 = self.x()
        for layer in range(self.options.cross_layers):
            x = self.crossed(f"cross_{layer}", x0, x)
        return self.levels(x)

    def crossed(self, path, x0, x):
        v, c, u, b = (self.w[f"{path}/{name}"] for name in ("down", "core", "up", "bias"))
        gates = softmax(x @ self.w[f"{path}/gate"]) if len(v) > 1 else [1.0]
        hidden = [np.tanh(c[i].T @ np.tanh(v[i].T @ x)) for i in range(len(v))]
        return x + sum(gates[i] * x0 * (u[i].T @ hidden[i] + b) for i in range(len(v)))

    def levels(self, x):
        options, tasks = self.options, range(len(self.spec.tasks))
        own, shared = [x for _ in tasks], x
        for level in range(options.levels):
            path, count = f"level_{level}", options.task_experts
            of_task = [
                [self.expert(f"{path}/task_experts", k * count + i, own[k]) for i in range(count)]
                for k in tasks
            ]
            of_all = [
                self.expert(f"{path}/shared_experts", i, shared)
                for i in range(options.shared_experts)
            ]
            if level < options.levels - 1:
                every = [e for experts in of_task for e in experts] + of_all
                gate = softmax(shared @ self.w[f"{path}/shared_gate/kernel"][0])
                shared = weighed(gate, every)
            gates = self.w[f"{path}/task_gates/kernel"]
            own = [weighed(softmax(own[k] @ gates[k]), of_task[k] + of_all) for k in tasks]
        return own
