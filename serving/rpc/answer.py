"""Turns what a service method does into what gRPC answers."""

import logging
import time
from collections.abc import Callable
from typing import TypeVar

import grpc

from serving.status import Code, StatusError

_log = logging.getLogger(__name__)
_CODES = {code.value[0]: code for code in grpc.StatusCode}
# A status travels in headers, of which clients take 8 KiB unless told otherwise.
_LONGEST_MESSAGE = 1024
Response = TypeVar("Response")


def answer(
    context: grpc.ServicerContext,
    respond: Callable[[float | None], Response],
    done: Callable[[Code, float], None],
) -> Response:
    """Run a service method and end the call with its status.

    Args:
        context: of the call.
        respond: takes the call's deadline (seconds of `time.monotonic()`, None for none) and
            returns the response, or raises StatusError.
        done: told the status and the microseconds that it took.

    Returns:
        The response; on an error the call is aborted with the error's code and message, of which
        the first 1,024 bytes are sent.

    Source:
        TensorFlow Serving, model_servers/grpc_status_util.cc.
    """
    start = time.monotonic()
    left = context.time_remaining()
    try:
        response = respond(None if left is None else start + left)
    except StatusError as error:
        code, message = error.code, error.message
    except (MemoryError, RecursionError) as error:
        code, message = Code.INVALID_ARGUMENT, f"The request is too large: {error!r}"
    except Exception as error:  # a bug of ours: a status with a word, and the trace in the log
        _log.exception("answering a call failed unexpectedly")
        code, message = Code.INTERNAL, f"Internal error: {type(error).__name__}"
    else:
        done(Code.OK, (time.monotonic() - start) * 1e6)
        return response
    done(code, (time.monotonic() - start) * 1e6)
    context.abort(_CODES[int(code)], _shortened(message))
    raise AssertionError("aborting a call raises")


def _shortened(message: str) -> str:
    encoded = message.encode(errors="replace")
    if len(encoded) <= _LONGEST_MESSAGE:
        return message
    return f"{encoded[:_LONGEST_MESSAGE].decode(errors='ignore')}...TRUNCATED"
