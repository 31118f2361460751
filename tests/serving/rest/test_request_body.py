"""Bodies: in pieces, too large, cut off, zipped."""

import asyncio
import gzip
import zlib
from typing import Any

import pytest

from serving.rest import request_body
from serving.rest.request_body import ClientGone, read_body, unzip
from serving.status import Code, StatusError


def read(*messages: dict[str, Any]) -> bytes:
    queue = list(messages)

    async def receive() -> dict[str, Any]:
        return queue.pop(0)

    return asyncio.run(read_body(receive))


def part(body: bytes, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_comes_in_pieces() -> None:
    assert read(part(b"ab"), part(b""), part(b"c", more=False)) == b"abc"
    assert read({"type": "http.request"}) == b""


def test_a_client_that_goes_half_way_is_nobody_to_answer() -> None:
    with pytest.raises(ClientGone):
        read(part(b"ab"), {"type": "http.disconnect"})


def test_a_body_beyond_the_limit_is_refused_before_it_is_all_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(request_body, "LARGEST_BODY", 3)
    with pytest.raises(StatusError) as error:
        read(part(b"abcd"))
    assert error.value.code is Code.RESOURCE_EXHAUSTED


def test_unzip() -> None:
    assert unzip(gzip.compress(b"{}" * 1000)) == b"{}" * 1000
    assert unzip(gzip.compress(b"")) == b""


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not gzip",
        gzip.compress(b"cut off" * 100)[:-9],
        zlib.compress(b"zlib, not gzip"),
        gzip.compress(b"\0" * (101 * 2**20), 1),  # a bomb
    ],
    ids=["empty", "text", "cut", "zlib", "bomb"],
)
def test_what_does_not_unzip_is_refused(body: bytes) -> None:
    with pytest.raises(StatusError, match="Failed to uncompress the gzipped body") as error:
        unzip(body)
    assert error.value.code is Code.INVALID_ARGUMENT
