"""STEM's equations (arXiv 2308.13537): gradients stop at other tasks' experts and tables."""

from numpy_model import NumpyModel, softmax, weighed


class NumpySTEM(NumpyModel):
    """y_k = h_k(g_k(x_k + x_s) [E_1, ..., E_K, E_s]), where other tasks' experts stand still."""

    def represent(self):
        standing = NumpySTEM(self.spec, self.table_rows, self.still)
        standing.ids = self.ids
        x_s, found = self.joined(), []
        shared = [self.expert("shared_experts", i, x_s) for i in range(self.options.shared_experts)]
        for k, task in enumerate(self.spec.tasks):
            x_k = self.joined(f"{task}_embeddings")
            seen = []
            for j, other in enumerate(self.spec.tasks):
                seen += (self if j == k else standing).of_task(j, other)
            gate = softmax((x_k + x_s) @ self.w["gates/kernel"][k])
            found.append(weighed(gate, seen + shared))
        return found

    def of_task(self, k, task):
        count, x_k = self.options.task_experts, self.joined(f"{task}_embeddings")
        return [self.expert("task_experts", k * count + i, x_k) for i in range(count)]
