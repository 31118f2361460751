"""Offers a server a load: requests at set times, or a number of them always in flight."""

import queue
import threading
import time
from collections.abc import Sequence

from serving.load_test.outcome import Outcome
from serving.load_test.sender import Sender

_EXPIRED = "DEADLINE_EXCEEDED"


def open_loop(
    sender: Sender, body: bytes, times: Sequence[float], timeout: float, most_in_flight: int
) -> tuple[list[Outcome], float]:
    """Send a request at each of some times, and wait for all answers.

    Whatever delays a request, a slow answer before it or this process itself, is part of its
    latency, which is counted from the time that was set for it.

    Args:
        sender: over which API, and where to.
        body: of every request.
        times: seconds since the start, ascending.
        timeout: seconds from a request's time after which it counts as unanswered.
        most_in_flight: how many may wait for an answer at once; those above wait here.

    Returns:
        The requests' outcomes, and the seconds from the start to the last answer. It lasts no
        longer than the last time and the timeout.

    Example:
        >>> with GrpcSender("127.0.0.1:8500") as sender:
        ...     outcomes, seconds = open_loop(sender, body, [0.0, 0.1, 0.2], 10.0, 64)
    """
    ended: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
    slots = threading.BoundedSemaphore(most_in_flight)
    start = time.perf_counter()

    def send(due: float) -> None:
        sent = time.perf_counter()

        def done(error: str | None) -> None:
            slots.release()
            ended.put(Outcome(time.perf_counter() - due, sent - due, error))

        sender.send(body, max(due + timeout - sent, 0.001), done)

    for offset in times:
        due = start + offset
        wait = due - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        if slots.acquire(timeout=max(due + timeout - time.perf_counter(), 0.0)):
            send(due)
        else:
            late = time.perf_counter() - due
            ended.put(Outcome(late, late, _EXPIRED))
    outcomes = [ended.get() for _ in times]
    return outcomes, time.perf_counter() - start


def saturation(
    sender: Sender, body: bytes, seconds: float, timeout: float, in_flight: int
) -> float:
    """Answers a second while a number of requests is always in flight: what a server can do.

    Args:
        sender: over which API, and where to.
        body: of every request.
        seconds: for how long.
        timeout: of each request, in seconds.
        in_flight: how many requests.

    Returns:
        Answers a second; requests that end with an error are none.

    Example:
        >>> saturation(sender, body, seconds=5.0, timeout=30.0, in_flight=32)
        412.6
    """
    ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    start = time.perf_counter()
    for _ in range(in_flight):
        sender.send(body, timeout, ended.put)
    answered, waiting, taken = 0, in_flight, 0.0
    while waiting:
        error = ended.get()
        now = time.perf_counter() - start
        waiting -= 1
        if taken < seconds:
            answered, taken = answered + (error is None), now
        if now < seconds:
            sender.send(body, timeout, ended.put)
            waiting += 1
    return answered / taken
