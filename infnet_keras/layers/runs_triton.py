"""Where Triton's kernels run."""

import os
from typing import Any


def runs_triton(tensor: Any) -> bool:
    """Whether a tensor of torch is on a GPU, or Triton's interpreter takes it, as in tests.

    Only then may a module of kernels be imported: Triton comes with torch for GPUs alone.
    """
    return bool(tensor.is_cuda) or os.environ.get("TRITON_INTERPRET") == "1"
