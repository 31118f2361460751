"""One process's copy of a model that several processes train."""

from collections.abc import Callable
from typing import Any

import torch
from torch.nn.parallel import DistributedDataParallel


def torch_replica(model: Any) -> Callable[..., Any]:
    """The model's call in training; what `backward` leaves as gradients is the processes' mean.

    Args:
        model: a built Keras model; it takes the weights of the first process.
    """
    assert isinstance(model, torch.nn.Module)  # as every Keras layer is on torch
    # Every step runs the same operations, also where an ablation leaves a weight unread.
    replica = DistributedDataParallel(model, static_graph=True, gradient_as_bucket_view=True)
    # A function, not a module: Keras would take a module for a sublayer of the model.
    return lambda *args, **kwargs: replica(*args, **kwargs)
