"""What the tests of the load test ask."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[3]


class Served(NamedTuple):
    """Where the server is, and the model's directory."""

    rest: str
    grpc: str
    model: Path


class OneAtATime(NamedTuple):
    """A server that answers one request after the other, and the times when each began."""

    address: str
    begun: list[float]


StartServer = Callable[[Callable[[int], float]], AbstractContextManager[OneAtATime]]
