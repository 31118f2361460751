"""Answers requests that take much memory one at a time, and gives that memory back."""

import gc
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

LARGE = 4 * 2**20
"""Bytes of a request from which on it is a large one."""

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


class LargeRequests(ThreadPoolExecutor):
    """The one thread that answers large requests, over whichever API they came.

    A request of 64 MiB can turn into gigabytes of Python objects: a few of them together could take
    all memory. While one is answered nothing is garbage-collected: parsing makes millions of
    objects, none of them garbage, which the collector would look at again and again (64 MiB of
    nested lists parse in 7 s instead of 43 s). At the end what they took goes back to the system.

    Example:
        >>> LARGE_REQUESTS.submit(answer, request).result()
    """

    def __init__(self) -> None:
        super().__init__(1, "large")

    def submit(
        self,
        fn: Callable[Parameters, Result],
        /,
        *args: Parameters.args,
        **kwargs: Parameters.kwargs,
    ) -> Future[Result]:
        """Answer a request in this thread; see `concurrent.futures.Executor.submit`."""
        return super().submit(_answer, partial(fn, *args, **kwargs))


LARGE_REQUESTS = LargeRequests()


def _answer(work: Callable[[], Result]) -> Result:
    gc.disable()
    try:
        return work()
    except BaseException as error:
        _clear_frames(error)
        raise
    finally:
        gc.enable()


def _clear_frames(error: BaseException | None) -> None:
    """Let go of what the functions that an error came through had made of the request."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__context__
