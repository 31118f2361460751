"""What a task of each kind answers, from its tower's last number."""

from collections.abc import Callable
from typing import Any

from keras import ops


def linear(number: Any) -> Any:
    """The number itself."""
    return number


TASK_OUTPUTS: dict[str, Callable[[Any], Any]] = {"binary": ops.sigmoid, "regression": linear}
"""Kind of task -> number [batch] to answer [batch]; the losses of the kinds are `TASK_LOSSES`."""
