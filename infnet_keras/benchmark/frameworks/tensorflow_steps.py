"""Forward passes and training steps in TensorFlow, as graphs."""

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

_BETAS, _EPSILON = (0.9, 0.999), 1e-7
# As Keras decides it: XLA where there is a GPU.
_GPUS = tf.config.list_physical_devices("GPU")
_graph = tf.function(jit_compile=bool(_GPUS))


def own(values: Mapping[str, Any], tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Weights of these values, which a step may change; `tensors` are for torch alone."""
    return {name: tf.Variable(value) for name, value in values.items()}


def wait(values: Any) -> Any:
    """The values, once they are computed."""
    if _GPUS:
        tf.test.experimental.sync_devices()
    return values


def forward(function: Callable[..., Any], *given: Any) -> Callable[[], Any]:
    """Computes function(*given), and waits for it."""
    weights, *others = given
    compiled = _graph(lambda *others: function(weights, *others))
    return lambda: wait(compiled(*others))


def gradients(
    function: Callable[..., Any], weights: Any, tokens: Any, fixed: Any
) -> Callable[[], Any]:
    """Gradients of the sum of function(weights, tokens, fixed) by weights and tokens, in order."""

    @_graph
    def compiled(tokens: Any, fixed: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(tokens)
            summed = tf.reduce_sum(tf.cast(function(weights, tokens, fixed), "float32"))
        return tape.gradient(summed, [*weights.values(), *tokens.values()])

    return lambda: wait(compiled(tokens, fixed))


def training(
    loss: Callable[..., Any], weights: dict[str, Any], batch: Any, rate: float
) -> Callable[[], Any]:
    """A step of Adam that makes loss(weights, batch) smaller; it gives the loss before it."""
    moments = {n: [tf.Variable(tf.zeros_like(w)) for _ in _BETAS] for n, w in weights.items()}
    count = tf.Variable(0.0)

    @_graph
    def step(batch: Any) -> Any:
        with tf.GradientTape() as tape:
            value = loss(weights, batch)
        slopes = tape.gradient(value, weights)
        count.assign_add(1.0)
        for name, weight in weights.items():
            mean, square = moments[name]
            tf.raw_ops.ResourceApplyAdam(
                var=weight.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=_BETAS[0] ** count,
                beta2_power=_BETAS[1] ** count,
                lr=rate,
                beta1=_BETAS[0],
                beta2=_BETAS[1],
                epsilon=_EPSILON,
                grad=tf.convert_to_tensor(slopes[name]),
            )
        return value

    return lambda: wait(step(batch))


def device_name() -> str | None:
    """What the device calls itself; None for the processor."""
    if not _GPUS:
        return None
    return str(tf.config.experimental.get_device_details(_GPUS[0]).get("device_name", "GPU"))


def forget_device_peak() -> None:
    """Let the peak of the device's memory begin anew."""
    if _GPUS:
        tf.config.experimental.reset_memory_stats("GPU:0")


def device_peak() -> int | None:
    """Bytes of the device's memory in use at most; None without a device of its own memory."""
    return tf.config.experimental.get_memory_info("GPU:0")["peak"] if _GPUS else None
