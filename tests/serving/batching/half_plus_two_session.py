"""A session in NumPy, as slow as a test wants it to be."""

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any

import numpy as np
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.saved_model.session import Array, Session
from serving.status import StatusError

PATIENCE = 30.0
# Microseconds; long enough that a batch which is not full runs only because the test made it so.
NEVER = 3_600_000_000
# Tensor of an output -> the tensor it depends on, and how.
GRAPH: dict[str, tuple[str, Callable[[Array], object]]] = {
    "y:0": ("x:0", lambda x: x / 2 + 2),
    "y3:0": ("x2:0", lambda x: x / 2 + 3),
    "upper:0": ("text:0", lambda text: np.array([row.upper() for row in text], object)),
    "mean:0": ("x:0", lambda x: x.mean()),
    "first:0": ("x:0", lambda x: x[:1]),
}


class HalfPlusTwoSession:
    """y = x / 2 + 2 and other functions of rows; records what it is run with.

    Attributes:
        runs: the feeds of each run, in the order they began.
        deadlines: the deadline of each run.
        gate: a run that has begun ends when this is set; set from the start.
        error: what runs raise, if anything.
    """

    def __init__(self) -> None:
        self.runs: list[Mapping[str, Array]] = []
        self.deadlines: list[float | None] = []
        self.gate = threading.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.closed = False
        self._began = threading.Semaphore(0)

    def run(
        self, feeds: Mapping[str, Array], fetches: Sequence[str], deadline: float | None = None
    ) -> list[Array]:
        assert not self.closed, "run after close"
        self.runs.append(feeds)
        self.deadlines.append(deadline)
        self._began.release()
        assert self.gate.wait(PATIENCE)
        if self.error is not None:
            raise self.error
        return [compute(feeds[feed]) for feed, compute in map(GRAPH.__getitem__, fetches)]

    def close(self) -> None:
        self.closed = True

    def wait_for_run(self) -> None:
        """Return once one more run has begun than was waited for before."""
        assert self._began.acquire(timeout=PATIENCE)

    def rows(self, feed: str = "x:0") -> list[int]:
        """Rows of each run."""
        return [len(feeds[feed]) for feeds in self.runs]


def signature(feeds: Sequence[str], fetches: Sequence[str]) -> SignatureDef:
    """A signature of tensors "NAME:0" under the aliases NAME."""
    definition = SignatureDef()
    for feed in feeds:
        definition.inputs[feed].name = f"{feed}:0"
    for fetch in fetches:
        definition.outputs[fetch].name = f"{fetch}:0"
    return definition


def floats(*values: float) -> np.ndarray:
    """A vector of float32."""
    return np.array(values, np.float32)


def half_plus_two(session: Session, x: Any, **keywords: Any) -> np.ndarray:
    """What a session computes as "y:0" from "x:0"."""
    (y,) = session.run({"x:0": np.asarray(x, np.float32)}, ["y:0"], **keywords)
    return y


def raised(future: "Future[Any]") -> StatusError:
    """The error that a call in another thread ended with."""
    error = future.exception()
    assert isinstance(error, StatusError)
    return error
