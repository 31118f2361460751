"""OMoE's equations (Ma et al., KDD 2018, section 4.1): one gate for all tasks."""

from numpy_model import NumpyModel, softmax, weighed


class NumpyOMoE(NumpyModel):
    """y_k = h_k(sum_i g(x)_i f_i(x)), g(x) = softmax(W x)."""

    def represent(self):
        x = self.joined()
        f = [self.expert("experts", i, x) for i in range(self.options.experts)]
        return self.every_task(weighed(softmax(x @ self.w["gate/kernel"][0]), f))
