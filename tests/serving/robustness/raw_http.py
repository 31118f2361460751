"""HTTP as bytes, right or wrong, over a plain socket."""

import socket
import struct
from contextlib import suppress
from typing import Self

from hostile_model import NAME

PREDICT = f"/v1/models/{NAME}:predict"
# A right request, and its answer.
BODY = b'{"signature_name": "value", "instances": [1.0]}'
ANSWER = (200, b'{\n    "predictions": [1.0\n    ]\n}')
NO_ANSWER = (0, b"")
_SECONDS = 60.0


def post(body: bytes = BODY, headers: str = "", path: str = PREDICT, length: int = -1) -> bytes:
    """A POST request.

    Args:
        body: as it is sent.
        headers: more of them, each with its line break.
        path: of the URL.
        length: what Content-Length says; the truth if it is negative.
    """
    head = f"POST {path} HTTP/1.1\r\nHost: here\r\n{headers}"
    return f"{head}Content-Length: {len(body) if length < 0 else length}\r\n\r\n".encode() + body


def chunked(body: bytes, size: int, trailers: bytes = b"") -> bytes:
    """A POST request whose body is in chunks."""
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    return (
        head + b"".join(b"%x\r\n%b\r\n" % (len(c), c) for c in chunks) + b"0\r\n%b\r\n" % trailers
    )


class RawConnection:
    """A connection to a port of this machine; every wait has a deadline.

    Example:
        >>> with RawConnection(8501) as connection:
        ...     connection.send(post())
        ...     connection.answer()
        (200, b'{...}')
    """

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_SECONDS)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def send(self, *parts: bytes) -> None:
        """Send all, or what the server takes before it closes the connection."""
        with suppress(BrokenPipeError, ConnectionResetError):
            for part in parts:
                self._socket.sendall(part)

    def close_sending(self) -> None:
        """Close this side of the connection alone, if the server has not closed both."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def reset(self) -> None:
        """Close the connection as a process that dies does."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        self._file.close()
        self._socket.close()

    def answer(self) -> tuple[int, bytes]:
        """Status and body of the next answer; `NO_ANSWER` if the server closed the connection."""
        try:
            line = self._file.readline()
            if not line:
                return NO_ANSWER
            status, length = int(line.split()[1]), 0
            while (line := self._file.readline()) != b"\r\n":
                name, _, value = line.partition(b":")
                if name.lower() == b"content-length":
                    length = int(value)
            return self.answer() if status == 100 else (status, self._file.read(length))
        except ConnectionResetError:
            return NO_ANSWER


def exchange(port: int, *parts: bytes) -> tuple[int, bytes]:
    """The answer to one request on a connection of its own."""
    with RawConnection(port) as connection:
        connection.send(*parts)
        return connection.answer()
