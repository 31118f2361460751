"""What the processes of a training on torch tell one another."""

from typing import Any

import torch
from torch import distributed

from infnet_keras.devices.share import share


class WholeBatch(torch.autograd.Function):
    """See `whole_batch`."""

    @staticmethod
    def forward(context: Any, part: torch.Tensor) -> torch.Tensor:
        """The rows of all processes."""
        context.rows = part.shape[0]
        sent = part.to(torch.uint8) if part.dtype == torch.bool else part.contiguous()
        parts = [torch.empty_like(sent) for _ in range(share().devices)]
        distributed.all_gather(parts, sent)
        return torch.cat(parts).to(part.dtype)

    @staticmethod
    def backward(context: Any, gradient: torch.Tensor) -> torch.Tensor:
        """The gradient of the own rows, times the number of processes."""
        own = share().rows(context.rows * share().devices)
        return gradient[own] * share().devices


def mean_over_processes(value: torch.Tensor) -> torch.Tensor:
    """See `mean_over_devices`."""
    distributed.all_reduce(value)
    return value / share().devices


def from_all_processes(value: Any) -> list[Any]:
    """See `from_all_devices`."""
    found: list[Any] = [None] * share().devices
    distributed.all_gather_object(found, value)
    return found
