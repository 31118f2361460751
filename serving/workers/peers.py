"""What the worker processes of one server ask each other."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Client, Connection, Listener
from multiprocessing.synchronize import Barrier, Lock
from typing import Any

from serving.status import StatusError, deadline_exceeded, internal, unavailable

Answer = Callable[..., Any]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Place:
    """Where a worker process stands among those of its server.

    Args:
        index: of this worker, from 0.
        addresses: paths of the workers' Unix sockets, in a directory that only this user may enter.
        loaded: passed once every worker has loaded its models.
        turn: held by the worker that changes the configuration of all.
    """

    index: int
    addresses: tuple[str, ...]
    loaded: Barrier
    turn: Lock


class Peers:
    """The other worker processes of a server, asked over Unix sockets.

    Args:
        place: of this process among them.

    Example:
        >>> peers = Peers(place)
        >>> peers.answer({"double": lambda number: 2 * number})
        >>> peers.ask("double", 4)  # of three workers
        [8, 8]
    """

    def __init__(self, place: Place) -> None:
        self._place = place
        self._listener = Listener(place.addresses[place.index], "AF_UNIX", backlog=128)
        self._others = [a for i, a in enumerate(place.addresses) if i != place.index]
        self._askers = ThreadPoolExecutor(16 * len(place.addresses), "ask")

    def answer(self, answers: dict[str, Answer]) -> None:
        """Answer the others' questions from now on.

        Args:
            answers: question -> what answers it, from any thread; arguments and results are
                pickled.
        """
        threading.Thread(target=self._listen, args=(answers,), name="peers", daemon=True).start()

    def wait_until_loaded(self) -> None:
        """Wait until every worker has called this."""
        self._place.loaded.wait()

    @contextmanager
    def turn(self, deadline: float | None) -> Iterator[None]:
        """Keep every other worker from the same block.

        Args:
            deadline: seconds of `time.monotonic()` after which to wait no longer.

        Raises:
            StatusError: DEADLINE_EXCEEDED, it was another worker's turn for too long.
        """
        left = None if deadline is None else max(deadline - time.monotonic(), 0.0)
        if not self._place.turn.acquire(timeout=left):
            raise deadline_exceeded("another configuration is being put into effect")
        try:
            yield
        finally:
            self._place.turn.release()

    def ask(self, question: str, *arguments: object) -> list[Any]:
        """Ask all others at once, and wait until each has answered.

        Args:
            question: of those that `answer` was given.
            arguments: of what answers it.

        Returns:
            The answers, in the order of the workers.

        Raises:
            StatusError: what the first of them raised that did not answer, or UNAVAILABLE, it is
                gone.
        """
        asked = [self._askers.submit(_ask, a, question, arguments) for a in self._others]
        results = [future.result() for future in asked]
        for result in results:
            if isinstance(result, StatusError):
                raise result
        return results

    def _listen(self, answers: dict[str, Answer]) -> None:
        while True:
            try:
                connection = self._listener.accept()
            except OSError:  # who asked is gone already
                continue
            threading.Thread(target=_answer, args=(connection, answers), daemon=True).start()


def _ask(address: str, question: str, arguments: tuple[object, ...]) -> Any:
    try:
        with Client(address, "AF_UNIX") as connection:
            connection.send((question, arguments))
            return connection.recv()
    except (OSError, EOFError):
        return unavailable("a worker process of the server does not answer: it is ending")


def _answer(connection: Connection, answers: dict[str, Answer]) -> None:
    with connection:
        try:
            question, arguments = connection.recv()
            connection.send(_answered(answers[question], arguments))
        except (OSError, EOFError):
            _log.warning("a worker process was gone before it was answered")


def _answered(answer: Answer, arguments: tuple[object, ...]) -> Any:
    try:
        return answer(*arguments)
    except StatusError as error:
        return error
    except Exception as error:  # a bug of ours must reach the one who asked
        _log.exception("answering another worker process failed unexpectedly")
        return internal(f"Internal error: {type(error).__name__}")
