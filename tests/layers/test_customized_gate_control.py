import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import CustomizedGateControl

DRAWS = np.random.default_rng(1)
SHARED = DRAWS.normal(size=(5, 8)).astype("float32")
TASKS = {
    "one_input": DRAWS.normal(size=(5, 8)).astype("float32"),
    "inputs_of_their_own": DRAWS.normal(size=(5, 3, 8)).astype("float32"),
}


def weighed(x, kernel, experts):
    powers = np.exp(x @ kernel)
    return sum(p * e for p, e in zip(powers / powers.sum(), experts, strict=True))


@pytest.mark.parametrize("tasks", TASKS.values(), ids=TASKS)
@pytest.mark.parametrize("shared_gate", [True, False])
def test_gates_weigh_the_experts_that_are_theirs(tasks, shared_gate):
    layer = CustomizedGateControl(3, 2, 1, [4], shared_gate=shared_gate)
    layer(tasks, SHARED)
    for index, weight in enumerate(layer.weights):
        weight.assign(np.random.default_rng(index).normal(0.0, 0.5, weight.shape))
    found = layer(tasks, SHARED)
    outputs = ops.convert_to_numpy(found[0] if shared_gate else found)
    w = {each.path.partition("/")[2]: ops.convert_to_numpy(each.value) for each in layer.weights}
    assert ("shared_gate/kernel" in w) == shared_gate

    def expert(stack, index, x):
        kernel, bias = w[f"{stack}/kernel_0"][index], w[f"{stack}/bias_0"][index]
        return np.maximum(x @ kernel + bias, 0.0)

    for b in range(5):
        x = [tasks[b] if tasks.ndim == 2 else tasks[b, k] for k in range(3)]
        own = [[expert("task_experts", 2 * k + i, x[k]) for i in range(2)] for k in range(3)]
        common = [expert("shared_experts", 0, SHARED[b])]
        for k in range(3):
            expected = weighed(x[k], w["task_gates/kernel"][k], own[k] + common)
            np.testing.assert_allclose(outputs[b, k], expected, rtol=1e-4, atol=1e-5)
        if shared_gate:
            every = [e for each in own for e in each] + common
            expected = weighed(SHARED[b], w["shared_gate/kernel"][0], every)
            shared = ops.convert_to_numpy(found[1])[b]
            np.testing.assert_allclose(shared, expected, rtol=1e-4, atol=1e-5)
