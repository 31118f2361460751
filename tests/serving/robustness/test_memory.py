"""What 64 MiB of anything took is given back, and small requests are answered meanwhile."""

import gzip
import random
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hostile_grpc import MISTAKES, call, predict_request, tensor
from hostile_server import HostileServer, wait_until
from raw_http import ANSWER, BODY, RawConnection, chunked, exchange, post
from tensorflow.core.framework import types_pb2

PLAIN = pytest.mark.parametrize("running", ["plain"], indirect=True)
SIZE = 64 * 2**20
SMALL_SIZE = 4 * 2**20 + 2**10  # of what turns into a hundred times its size for a while
NOISE = random.Random(0).randbytes(SIZE)


def filled(start: bytes, unit: bytes, end: bytes, size: int = SIZE) -> bytes:
    """A body of about so many bytes: the unit again and again between start and end."""
    return start + unit * ((size - len(start) - len(end)) // len(unit)) + end


def rest(request: bytes, *statuses: int) -> Callable[[HostileServer], None]:
    """Sends a request that must be answered with one of these statuses."""

    def send(server: HostileServer) -> None:
        assert exchange(server.rest, request)[0] in statuses

    return send


def grpc(message: bytes, *statuses: str) -> Callable[[HostileServer], None]:
    """Sends a Predict message that must be answered with one of these statuses."""

    def send(server: HostileServer) -> None:
        assert call(server.channel, "Predict", message)[0] in statuses

    return send


def cut_off(server: HostileServer) -> None:
    """Closes the connection half-way through a body."""
    with RawConnection(server.rest) as connection:
        connection.send(post(NOISE[: SIZE // 2], length=SIZE))


def settled_memory(server: HostileServer) -> int:
    """What the server holds once that has not changed for a while."""
    last: list[int] = []

    def settled() -> bool:
        last.append(server.memory())
        return len(last) > 25 and max(last[-25:]) - min(last[-25:]) < 2**20

    assert wait_until(settled), last
    return last[-1]


LONG_STRING = filled(b'{"signature_name": "value", "instances": ["', b"a", b'"]}')
MILLION = filled(b'{"signature_name": "text", "instances": [0', b",0", b"]}", 2 * 10**6)
EMPTY_LISTS = filled(b'{"signature_name": "text", "inputs": [[]', b",[[[[]]]]", b"]}", SMALL_SIZE)
OBJECTS = filled(b'{"instances": [{}', b',{"a":1}', b"]}", SMALL_SIZE)
BOMB = gzip.compress(bytes(2**29), 1)
BLANKS = gzip.compress(filled(b"", b" ", b"1", 2**26), 1)
GZIP = "Content-Encoding: gzip\r\n"
KINDS = {
    "noise": rest(post(NOISE), 400),
    "noise in chunks": rest(chunked(NOISE, 2**16), 400),
    "noise to nowhere": rest(post(NOISE, path="/v1/models/none:predict"), 404),
    "noise cut off": cut_off,
    "a string that is no number": rest(post(LONG_STRING), 400),
    "a million elements": rest(post(MILLION), 400),
    "empty lists": rest(post(EMPTY_LISTS), 400),
    "objects": rest(post(OBJECTS), 400),
    "lists in lists": rest(post(filled(b'{"instances": ', b"[", b"")), 400),
    "blanks, zipped": rest(post(BLANKS, GZIP), 400),
    "a bomb": rest(post(BOMB, GZIP), 400),
    "a message of noise": grpc(NOISE, "INVALID_ARGUMENT"),
    "a long string in a message": grpc(
        predict_request(
            "text", {"x": tensor(types_pb2.DT_STRING, 1, string_val=[NOISE[: 2**24]])}
        ).SerializeToString(),
        "OK",
    ),
    "a tensor of another shape": grpc(
        predict_request(
            "value", {"x": tensor(types_pb2.DT_FLOAT, 1, tensor_content=NOISE)}
        ).SerializeToString(),
        *MISTAKES,
    ),
    "a tensor": grpc(
        predict_request(
            "value", {"x": tensor(types_pb2.DT_FLOAT, 2**22, tensor_content=NOISE[: 2**24])}
        ).SerializeToString(),
        "OK",
    ),
    "dimensions": grpc(
        predict_request(
            "value", {"x": tensor(types_pb2.DT_FLOAT, *[2] * (2 * 10**6))}
        ).SerializeToString(),
        "INVALID_ARGUMENT",
    ),
}


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to measure by")
@PLAIN
def test_memory_is_given_back(server: HostileServer) -> None:
    for send in KINDS.values():
        send(server)
    server.check()
    level = settled_memory(server)
    for _ in range(2):
        for send in KINDS.values():
            send(server)
        server.check()
        assert wait_until(lambda: server.memory() < 1.1 * level), (level, server.memory())


def test_small_requests_are_answered_while_large_ones_wait(server: HostileServer) -> None:
    large = [threading.Thread(target=KINDS["objects"], args=(server,)) for _ in range(4)]
    for thread in large:
        thread.start()
    while any(thread.is_alive() for thread in large):
        assert exchange(server.rest, post(BODY)) == ANSWER
    server.check()
