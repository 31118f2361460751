"""Reads the body of an HTTP request: bounded, in time, and unzipped."""

import zlib
from collections.abc import Awaitable, Callable
from typing import Any

from serving.status import invalid_argument, resource_exhausted

Receive = Callable[[], Awaitable[dict[str, Any]]]
LARGEST_BODY = 512 * 2**20
_LARGEST_UNZIPPED = 100 * 2**20  # TensorFlow Serving's own bound, ZLib::kMaxUncompressedBytes


class ClientGone(Exception):
    """The connection closed before the request was complete: there is nobody to answer."""


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request.

    Args:
        receive: of the ASGI request.

    Raises:
        StatusError: RESOURCE_EXHAUSTED, it is larger than 512 MiB.
        ClientGone: the client closed the connection half-way.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > LARGEST_BODY:
            raise resource_exhausted(f"The request body is larger than {LARGEST_BODY} bytes")
        chunks.append(chunk)
        if not message.get("more_body"):
            return b"".join(chunks)


def unzip(body: bytes) -> bytes:
    """A body that came with `Content-Encoding: gzip`.

    Raises:
        StatusError: INVALID_ARGUMENT, it is no gzip, or it unzips to more than 100 MiB.

    Example:
        >>> unzip(gzip.compress(b"{}"))
        b'{}'
    """
    stream = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        unzipped = stream.decompress(body, _LARGEST_UNZIPPED)
    except zlib.error as error:
        raise invalid_argument(f"Failed to uncompress the gzipped body: {error}") from error
    if stream.unconsumed_tail:
        raise invalid_argument(
            f"Failed to uncompress the gzipped body: more than {_LARGEST_UNZIPPED} bytes"
        )
    if not stream.eof:
        raise invalid_argument("Failed to uncompress the gzipped body: it is cut off")
    return unzipped
