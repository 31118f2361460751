"""Forward passes and training steps in JAX, compiled."""

from collections.abc import Callable, Mapping
from typing import Any

import jax
from jax import numpy as jnp

_BETAS, _EPSILON = (0.9, 0.999), 1e-7


def own(values: Mapping[str, Any], tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Weights of these values, which a step may take over; `tensors` are for torch alone."""
    return {name: jnp.array(value, copy=True) for name, value in values.items()}


def wait(values: Any) -> Any:
    """The values, once they are computed."""
    return jax.block_until_ready(values)


def forward(function: Callable[..., Any], *given: Any) -> Callable[[], Any]:
    """Computes function(*given), and waits for it."""
    compiled = jax.jit(function)
    return lambda: wait(compiled(*given))


def gradients(
    function: Callable[..., Any], weights: Any, tokens: Any, fixed: Any
) -> Callable[[], Any]:
    """Gradients of the sum of function(weights, tokens, fixed) by weights and tokens, in order."""

    def summed(weights: Any, tokens: Any, fixed: Any) -> Any:
        return jnp.sum(function(weights, tokens, fixed).astype("float32"))

    compiled = jax.jit(jax.grad(summed, (0, 1)))

    def run() -> Any:
        of_weights, of_tokens = wait(compiled(weights, tokens, fixed))
        return [*(of_weights[name] for name in weights), *(of_tokens[name] for name in tokens)]

    return run


def training(
    loss: Callable[..., Any], weights: dict[str, Any], batch: Any, rate: float
) -> Callable[[], Any]:
    """A step of Adam that makes loss(weights, batch) smaller; it gives the loss before it."""

    def step(weights: Any, moments: Any, count: Any, batch: Any) -> Any:
        value, slopes = jax.value_and_grad(loss)(weights, batch)
        count = count + 1.0
        first, second = _BETAS
        scale = rate * jnp.sqrt(1.0 - second**count) / (1.0 - first**count)
        moved, kept = {}, {}
        for name, slope in slopes.items():
            mean, square = moments[name]
            mean = first * mean + (1.0 - first) * slope
            square = second * square + (1.0 - second) * slope * slope
            moved[name] = weights[name] - scale * mean / (jnp.sqrt(square) + _EPSILON)
            kept[name] = (mean, square)
        return value, (moved, kept, count)

    compiled = jax.jit(step, donate_argnums=(0, 1))
    moments = {name: (jnp.zeros_like(w), jnp.zeros_like(w)) for name, w in weights.items()}
    state: list[Any] = [weights, moments, jnp.zeros(())]

    def run() -> Any:
        value, state[:] = wait(compiled(*state, batch))
        return value

    return run


def device_name() -> str | None:
    """What the device calls itself; None for the processor."""
    device = jax.devices()[0]
    return None if device.platform == "cpu" else device.device_kind


def forget_device_peak() -> None:
    """JAX has no such thing: what is measured later must need more."""


def device_peak() -> int | None:
    """Bytes of the device's memory in use at most; None without a device of its own memory."""
    statistics = jax.devices()[0].memory_stats()
    return None if not statistics else int(statistics["peak_bytes_in_use"])
