"""What became of every version that the server ever tried to serve."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

from serving.status import StatusError


class State(IntEnum):
    """The states of a version; the values are those of ModelVersionStatus.State."""

    START = 10
    LOADING = 20
    AVAILABLE = 30
    UNLOADING = 40
    END = 50


@dataclass(frozen=True)
class VersionState:
    """Where a version stands.

    Args:
        state: the last one reached.
        error: why it ended there without having served; None if all went well.
    """

    state: State
    error: StatusError | None = None


class VersionStates:
    """The state of every version by model, ended ones included, as GetModelStatus lists them.

    Example:
        >>> states.publish("half", 1, State.AVAILABLE)
        >>> states.of_model("half")
        {1: VersionState(state=<State.AVAILABLE: 30>, error=None)}

    Source:
        TensorFlow Serving, core/servable_state_monitor.cc.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._models: dict[str, dict[int, VersionState]] = {}

    def publish(
        self, name: str, version: int, state: State, error: StatusError | None = None
    ) -> None:
        """Record a version's new state and wake whoever waits for it."""
        with self._changed:
            self._models.setdefault(name, {})[version] = VersionState(state, error)
            self._changed.notify_all()

    def of_model(self, name: str) -> dict[int, VersionState]:
        """Version -> state, the highest version first; empty for a model never heard of."""
        with self._changed:
            return dict(sorted(self._models.get(name, {}).items(), reverse=True))

    def wait_until(self, reached: Callable[[], bool], deadline: float | None = None) -> bool:
        """Wait until a condition on these states holds.

        Args:
            reached: asked again after every change.
            deadline: seconds of `time.monotonic()`; None waits for as long as it takes.

        Returns:
            Whether it holds; False once the deadline has passed.
        """
        while True:
            with self._changed:
                if reached():
                    return True
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return False
                self._changed.wait(left)
