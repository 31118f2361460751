"""A batch on a GPU of torch, by one copy from the host."""

from math import prod
from typing import Any

import keras
import numpy as np

_ALIGNED = 256  # bytes; where torch itself would begin a tensor


def gpu_of_torch() -> Any:
    """The GPU that Keras computes on by torch: a `torch.device`; None where it does otherwise."""
    if keras.backend.backend() != "torch":
        return None
    device = keras.ops.convert_to_tensor(0).device
    return device if device.type == "cuda" else None


def in_one_copy(arrays: Any, device: Any) -> Any:
    """Arrays on a device, as pieces of one tensor.

    Keras copies each array of a batch by itself, and the host waits for every one of about a
    hundred; where other programs use the GPU too, it waits for its turn as often.

    Args:
        arrays: nested arrays of numpy; None stays, and tensors are taken as they are.
        device: a `torch.device`.

    Returns:
        The same structure of tensors, of the same shapes and dtypes.

    Example:
        >>> batch = in_one_copy({"user": np.array([3, 1]), "like": np.array([0.5])}, "cpu")
        >>> batch["user"], batch["like"]
        (tensor([3, 1]), tensor([0.5000], dtype=torch.float64))
    """
    import torch

    given = keras.tree.flatten(arrays)
    packed = [each for each in given if isinstance(each, np.ndarray)]
    starts = np.cumsum([0, *(-(-each.nbytes // _ALIGNED) * _ALIGNED for each in packed)])
    pinned = torch.device(device).type == "cuda"
    host = torch.empty(int(starts[-1]), dtype=torch.uint8, pin_memory=pinned)
    content = host.numpy()
    for each, start in zip(packed, starts, strict=False):
        content[start : start + each.nbytes] = np.ascontiguousarray(each).reshape(-1).view(np.uint8)
    whole = host.to(device, non_blocking=True)
    places = iter(starts.tolist())

    def piece(array: Any) -> Any:
        if not isinstance(array, np.ndarray):
            return array
        start, dtype = next(places), torch.from_numpy(np.empty(0, array.dtype)).dtype
        size = prod(array.shape) * array.itemsize
        return whole[start : start + size].view(dtype).reshape(array.shape)

    return keras.tree.pack_sequence_as(arrays, [piece(each) for each in given])
