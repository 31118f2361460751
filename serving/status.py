"""Status codes and the error that carries one to whichever API answers the request."""

from enum import IntEnum


class Code(IntEnum):
    """The canonical status codes (google/rpc/code.proto) that TensorFlow Serving answers with."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class StatusError(Exception):
    """A request, a load or a reload that failed, with the code and message of its answer.

    Args:
        code: why, in the terms of both APIs.
        message: one sentence, TensorFlow Serving's own where it has one.

    Example:
        >>> str(StatusError(Code.NOT_FOUND, "no such model"))
        'NOT_FOUND: no such model'
    """

    def __init__(self, code: Code, message: str) -> None:
        super().__init__(code, message)
        self.code = code
        self.message = message

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


def invalid_argument(message: str) -> StatusError:
    """The request itself is wrong."""
    return StatusError(Code.INVALID_ARGUMENT, message)


def deadline_exceeded(message: str) -> StatusError:
    """The request's time ran out."""
    return StatusError(Code.DEADLINE_EXCEEDED, message)


def not_found(message: str) -> StatusError:
    """No such model, version or file."""
    return StatusError(Code.NOT_FOUND, message)


def resource_exhausted(message: str) -> StatusError:
    """A limit was reached."""
    return StatusError(Code.RESOURCE_EXHAUSTED, message)


def failed_precondition(message: str) -> StatusError:
    """The server is not in the state that the request needs."""
    return StatusError(Code.FAILED_PRECONDITION, message)


def permission_denied(message: str) -> StatusError:
    """Whoever asks may not have this."""
    return StatusError(Code.PERMISSION_DENIED, message)


def unimplemented(message: str) -> StatusError:
    """TensorFlow Serving knows no such operation either."""
    return StatusError(Code.UNIMPLEMENTED, message)


def internal(message: str) -> StatusError:
    """An invariant broke."""
    return StatusError(Code.INTERNAL, message)


def unavailable(message: str) -> StatusError:
    """Not now: the client may try again."""
    return StatusError(Code.UNAVAILABLE, message)


def unknown(message: str) -> StatusError:
    """Failed for a reason that has no code of its own."""
    return StatusError(Code.UNKNOWN, message)
