"""PLE's equations (Tang et al., RecSys 2020), level by level."""

from numpy_model import NumpyModel, softmax, weighed


class NumpyPLE(NumpyModel):
    """Levels: x_k = g_k(x_k) [E_k(x_k), E_s(x_s)], x_s = g_s(x_s) [E_1(x_1) ..., E_s(x_s)]."""

    def represent(self):
        options, tasks = self.options, range(len(self.spec.tasks))
        own, shared = [self.joined() for _ in tasks], self.joined()
        for level in (f"level_{i}" for i in range(options.levels)):
            count = options.task_experts
            e_own = [
                [self.expert(f"{level}/task_experts", k * count + i, own[k]) for i in range(count)]
                for k in tasks
            ]
            e_shared = [
                self.expert(f"{level}/shared_experts", i, shared)
                for i in range(options.shared_experts)
            ]
            gates = self.w[f"{level}/task_gates/kernel"]
            own = [weighed(softmax(own[k] @ gates[k]), e_own[k] + e_shared) for k in tasks]
            if level != f"level_{options.levels - 1}":
                gate = softmax(shared @ self.w[f"{level}/shared_gate/kernel"][0])
                shared = weighed(gate, [e for each in e_own for e in each] + e_shared)
        return own
