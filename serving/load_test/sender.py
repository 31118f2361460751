"""How a prepared request is sent and its end is told."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Self

Done = Callable[[str | None], None]


class Sender(ABC):
    """Sends requests that were serialised beforehand, over one API, without waiting.

    Used as a context manager it closes itself.
    """

    @abstractmethod
    def send(self, body: bytes, timeout: float, done: Done) -> None:
        """Send one request and return at once.

        Args:
            body: of the request.
            timeout: seconds until its answer is no longer waited for.
            done: called once, from any thread, with None for an answer or the name of the status
                code for an error.
        """

    @abstractmethod
    def close(self) -> None:
        """Close the connections; nothing may be in flight."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
