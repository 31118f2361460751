"""What runs a SavedModel's graph, plain or batched."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy.typing as npt

Array = npt.NDArray[Any]


class Session(Protocol):
    """Runs named tensors of one graph; safe to call from many threads at once."""

    def run(
        self,
        feeds: Mapping[str, Array],
        fetches: Sequence[str],
        deadline: float | None = None,
    ) -> list[Array]:
        """Run the graph once.

        Args:
            feeds: tensor name ("serving_default_x:0") -> value; strings are bytes of dtype object.
            fetches: names of the tensors to compute.
            deadline: seconds of `time.monotonic()` after which to give up; None never does.

        Returns:
            One array for each name of `fetches`.

        Raises:
            StatusError: the graph refused the values or failed, or the deadline passed.
        """

    def close(self) -> None:
        """Free the graph; no run may be in progress or follow."""
