"""Connections that clients hold are closed in time; the server is uvicorn, the application tiny."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
import uvicorn
from hostile_server import wait_until
from raw_http import NO_ANSWER, RawConnection

from serving.rest.impatient_protocol import ImpatientProtocol

LARGE = 50_000_000  # more than the buffers of a connection that nobody reads from


async def answer_as_asked(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """An answer of as many bytes as the path says, before the body is read."""
    body = b"x" * int(scope["path"][1:])
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture(scope="module")
def server() -> Iterator[uvicorn.Server]:
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    config = uvicorn.Config(
        answer_as_asked,
        http=ImpatientProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        timeout_keep_alive=0.3,  # type: ignore[arg-type]  # any number does
    )
    server = uvicorn.Server(config)

    def run() -> None:
        with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
            runner.run(server.serve(sockets=[listener]))

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert wait_until(lambda: server.started)
    server.port = listener.getsockname()[1]
    yield server
    server.should_exit = True
    thread.join(60)
    listener.close()


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET", b"GET /1 HTTP/1.1\r\n", b"GET /1 HTTP/1.1\r\na:"],
    ids=["nothing", "a method", "a line", "a header"],
)
def test_a_request_must_begin_and_its_head_end(server: uvicorn.Server, sent: bytes) -> None:
    with RawConnection(server.port) as connection:
        connection.send(sent)
        assert connection.answer() == NO_ANSWER


def test_a_body_must_end_once_it_is_answered(server: uvicorn.Server) -> None:
    with RawConnection(server.port) as connection:
        connection.send(b"POST /1 HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n")
        assert connection.answer() == (200, b"x")
        # Each byte puts off the end of the time between requests, but not of this.
        assert wait_until(lambda: not server.server_state.connections or _sends(connection))
        assert connection.answer() == NO_ANSWER


def test_a_connection_that_is_kept_alive_is_closed_in_time(server: uvicorn.Server) -> None:
    with RawConnection(server.port) as connection:
        connection.send(b"GET /1 HTTP/1.1\r\n\r\n" * 2)
        assert [connection.answer() for _ in range(3)] == [(200, b"x"), (200, b"x"), NO_ANSWER]


@pytest.mark.parametrize("version", [b"1.1", b"1.0"])
@pytest.mark.parametrize("count", [1, 3])
def test_an_answer_must_be_read(server: uvicorn.Server, version: bytes, count: int) -> None:
    with RawConnection(server.port) as connection:
        connection.send(b"GET /%d HTTP/%b\r\n\r\n" % (LARGE, version) * count)
        assert wait_until(lambda: bool(server.server_state.connections))
        assert wait_until(lambda: not server.server_state.connections)


def test_an_answer_may_be_read_slowly(server: uvicorn.Server) -> None:
    with RawConnection(server.port) as connection:
        connection.send(b"GET /%d HTTP/1.1\r\n\r\n" % LARGE)
        status, body = connection.answer()
    assert (status, len(body)) == (200, LARGE)


def _sends(connection: RawConnection) -> bool:
    """Send another byte; false, for it goes on until the connection is closed."""
    connection.send(b"x")
    return False
