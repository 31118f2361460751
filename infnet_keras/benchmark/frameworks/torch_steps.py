"""Forward passes and training steps in torch, run operation by operation as Keras runs it."""

from collections.abc import Callable, Mapping
from typing import Any

import torch

_GPU = torch.cuda.is_available()


def own(values: Mapping[str, Any], tensors: Mapping[str, Any]) -> dict[str, Any]:
    """Weights of these values, which a step may change.

    Args:
        values: name -> array.
        tensors: any tensors of the device that is meant.
    """
    device = next(iter(tensors.values())).device
    return {name: torch.tensor(v, device=device, requires_grad=True) for name, v in values.items()}


def wait(values: Any) -> Any:
    """The values, once they are computed."""
    if _GPU:
        torch.cuda.synchronize()
    return values


def forward(function: Callable[..., Any], *given: Any) -> Callable[[], Any]:
    """Computes function(*given), and waits for it."""

    def run() -> Any:
        with torch.no_grad():
            return wait(function(*given))

    return run


def gradients(
    function: Callable[..., Any], weights: Any, tokens: Any, fixed: Any
) -> Callable[[], Any]:
    """Gradients of the sum of function(weights, tokens, fixed) by weights and tokens, in order."""
    tokens = {name: each.detach().requires_grad_() for name, each in tokens.items()}
    by = [*weights.values(), *tokens.values()]

    def run() -> Any:
        summed = function(weights, tokens, fixed).float().sum()
        return wait(torch.autograd.grad(summed, by, allow_unused=True))

    return run


def training(
    loss: Callable[..., Any], weights: dict[str, Any], batch: Any, rate: float
) -> Callable[[], Any]:
    """A step of Adam that makes loss(weights, batch) smaller; it gives the loss before it."""
    optimizer = torch.optim.Adam(weights.values(), lr=rate, eps=1e-7)

    def run() -> Any:
        optimizer.zero_grad()
        value = loss(weights, batch)
        value.backward()
        optimizer.step()
        return wait(value.detach())

    return run


def device_name() -> str | None:
    """What the device calls itself; None for the processor."""
    return torch.cuda.get_device_name() if _GPU else None


def forget_device_peak() -> None:
    """Let the peak of the device's memory begin anew."""
    if _GPU:
        torch.cuda.reset_peak_memory_stats()


def device_peak() -> int | None:
    """Bytes of the device's memory in use at most; None without a device of its own memory."""
    return torch.cuda.max_memory_allocated() if _GPU else None
