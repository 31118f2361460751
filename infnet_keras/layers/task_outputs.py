"""What a task of each kind answers, from its tower's last number."""

from collections.abc import Callable
from typing import Any

from keras import ops

TASK_OUTPUTS: dict[str, Callable[[Any], Any]] = {"binary": ops.sigmoid}
"""Kind of task -> logit [batch] to answer [batch]; the losses of the kinds are `TASK_LOSSES`."""
