"""Runs the graph of one loaded SavedModel."""

import threading
import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2

from serving.saved_model.session import Array
from serving.status import Code, StatusError, deadline_exceeded, invalid_argument

# TensorFlow walks arrays of strings with an iterator that NumPy makes for up to 32 axes only, and
# does not look whether it was made: one axis more ends the process.
_MAXIMUM_STRING_RANK = 32

# Clients choose which outputs to fetch, so there may be any number of calls: the ones used longest
# ago are let go of.
_MOST_CALLS = 64


class SavedModelSession:
    """A TensorFlow session with one prepared call for each set of feeds and fetches.

    A prepared call hands arrays to TensorFlow's C++ with no checks and no conversions in Python:
    what a graph refuses, and in which words, is TensorFlow's own answer, as in TensorFlow Serving.
    It also halves the time of a small request (`tf.compat.v1.Session.run` walks every feed).

    Args:
        session: holds the loaded graph; this object closes it.

    Example:
        >>> SavedModelSession(session).run({"x:0": np.float32([1, 2])}, ["y:0"])
        [array([2.5, 3. ], dtype=float32)]
    """

    def __init__(self, session: tf.compat.v1.Session) -> None:
        self._session = session
        self._calls: dict[tuple[tuple[str, ...], tuple[str, ...]], Any] = {}
        self._choosing, self._preparing = threading.Lock(), threading.Lock()

    def run(
        self,
        feeds: Mapping[str, Array],
        fetches: Sequence[str],
        deadline: float | None = None,
    ) -> list[Array]:
        """Run the graph once; see `Session.run`.

        A run that has begun goes on to its end whatever the deadline: a limit would be part of the
        prepared call, and preparing another one takes seconds. Who asked waits no longer than the
        deadline all the same.
        """
        if deadline is not None and deadline <= time.monotonic():
            raise deadline_exceeded("Deadline exceeded before the session was run")
        if any(
            array.ndim > _MAXIMUM_STRING_RANK and array.dtype.hasobject for array in feeds.values()
        ):
            raise invalid_argument(
                f"Tensors of strings have {_MAXIMUM_STRING_RANK} dimensions at most"
            )
        # In one order: a message's map has none, and another order would be another call.
        names = tuple(sorted(feeds))
        call = self._call(names, tuple(fetches))
        try:
            results = call(*(feeds[name] for name in names))
        except tf.errors.OpError as error:
            raise StatusError(Code(error.error_code), error.message) from error
        except UnicodeDecodeError as error:
            # The message of an operation's error quotes a string of the request that is no UTF-8.
            raise invalid_argument(error.object.decode(errors="replace")) from error
        return [result if isinstance(result, np.ndarray) else _scalar(result) for result in results]

    def close(self) -> None:
        """Free the graph; see `Session.close`."""
        self._calls.clear()
        self._session.close()

    def _call(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Any:
        key = (feeds, fetches)
        with self._choosing:
            call = self._calls.pop(key, None)
            if call is not None:
                self._calls[key] = call  # the latest used is the last
                return call
        with self._preparing:
            call = self._calls.get(key) or self._prepare(feeds, fetches)
        with self._choosing:
            self._calls[key] = call
            if len(self._calls) > _MOST_CALLS:
                del self._calls[next(iter(self._calls))]
        return call

    def _prepare(self, feeds: tuple[str, ...], fetches: tuple[str, ...]) -> Any:
        options = config_pb2.CallableOptions(feed=feeds, fetch=fetches)
        try:
            return self._session._make_callable_from_options(options)
        except tf.errors.OpError as error:
            raise StatusError(Code(error.error_code), error.message) from error


def _scalar(value: Any) -> Array:
    """A result without dimensions, which TensorFlow returns as a bare value, as the array it is."""
    array: Array = np.empty((), object if isinstance(value, bytes) else np.asarray(value).dtype)
    array[()] = value
    return array
