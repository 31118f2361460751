"""Constants of a step on torch, copied to the device once."""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode


class KeptConstants(TorchFunctionMode):
    """While it is entered, numbers and arrays of the host become tensors without a copy anew.

    A copy from the host waits for the device, and a CUDA graph cannot hold one. Each constant is
    copied when it is met first; later it is a clone of what was copied then.

    Example:
        >>> kept = KeptConstants()
        >>> with kept:
        ...     torch.as_tensor(0.5, dtype=torch.float32), torch.as_tensor([1, 2])
        (tensor(0.5000), tensor([1, 2]))
    """

    def __init__(self) -> None:
        super().__init__()
        self._kept: dict[tuple[Any, ...], torch.Tensor] = {}

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """torch's hook: called in place of each of its functions."""
        kwargs = kwargs or {}
        if func not in (torch.as_tensor, torch.tensor) or not args:
            return func(*args, **kwargs)
        content, *more = args
        if isinstance(content, torch.Tensor) or _holds_tensor(content):
            return func(*args, **kwargs)
        array = np.asarray(content)
        options = (*more, *sorted(kwargs.items(), key=lambda item: item[0]))
        key = (type(content), array.dtype.str, array.shape, array.tobytes(), repr(options))
        if key not in self._kept:
            self._kept[key] = func(*args, **kwargs)
        return self._kept[key].clone()


def _holds_tensor(content: Any) -> bool:
    return isinstance(content, list | tuple) and any(
        isinstance(each, torch.Tensor) or _holds_tensor(each) for each in content
    )
