"""MMoE's equations (Ma et al., KDD 2018, section 4.2), task by task."""

from numpy_model import NumpyModel, softmax, weighed


class NumpyMMoE(NumpyModel):
    """y_k = h_k(sum_i g_k(x)_i f_i(x)), g_k(x) = softmax(W_k x)."""

    def represent(self):
        x = self.joined()
        f = [self.expert("experts", i, x) for i in range(self.options.experts)]
        return [weighed(softmax(x @ kernel), f) for kernel in self.w["gates/kernel"]]
