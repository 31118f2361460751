"""HTTP that is wrong, odd, slow or cut off."""

import random
from contextlib import ExitStack

import pytest
from hostile_model import NAME
from hostile_server import HostileServer
from raw_http import ANSWER, BODY, NO_ANSWER, PREDICT, RawConnection, chunked, exchange, post

GET = f"GET /v1/models/{NAME} HTTP/1.1\r\nHost: here\r\n".encode()
HEAD = f"POST {PREDICT} HTTP/1.1\r\nHost: here\r\n".encode()
WRONG = {
    "null bytes": b"\0" * 1000,
    "every byte": bytes(range(256)),
    "only line breaks": b"\r\n" * 2**20,
    "a TLS hello": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.7": GET.replace(b"1.1", b"3.7") + b"\r\n",
    "no such method": b"FROB" + GET[3:] + b"\r\n",
    "a lower-case method": b"get" + GET[3:] + b"\r\n",
    "a long method": b"G" * 10_000 + GET[3:] + b"\r\n",
    "PUT": b"PUT" + GET[3:] + b"\r\n",
    "DELETE": b"DELETE" + GET[3:] + b"\r\n",
    "OPTIONS": b"OPTIONS * HTTP/1.1\r\n\r\n",
    "CONNECT": b"CONNECT example.com:443 HTTP/1.1\r\n\r\n",
    "another server's URL": b"GET http://example.com HTTP/1.1\r\n\r\n",
    "a file's URL": b"GET file:///etc/passwd HTTP/1.1\r\n\r\n",
    "no path": b"GET  HTTP/1.1\r\n\r\n",
    "bare line feeds": post().replace(b"\r\n", b"\n"),
    "a header without a colon": GET + b"colon\r\n\r\n",
    "a header with a null byte": GET + b"a: b\0c\r\n\r\n",
    "a folded header": GET + b"a: b\r\n c\r\n\r\n",
    "a header of 3 MB": GET + b"a: " + b"b" * 3_000_000 + b"\r\n\r\n",
    "a header name of 3 MB": GET + b"a" * 3_000_000 + b": b\r\n\r\n",
    "500,000 headers": GET + b"a: b\r\n" * 500_000 + b"\r\n",
    "a path of 3 MB": b"GET /" + b"a" * 3_000_000 + b" HTTP/1.1\r\n\r\n",
    "500,000 trailers": chunked(BODY, 10, b"a: b\r\n" * 500_000),
    "a trailer without end": chunked(BODY, 10)[:-2] + b"a: " + b"b" * 3_000_000,
    "no length": HEAD + b"\r\n" + BODY,
    "an empty body": post(b""),
    "a negative length": post().replace(b"Length: ", b"Length: -"),
    "a length beyond 64 bits": post().replace(b"Length: ", b"Length: 99999999999999999999"),
    "two lengths": post(headers="Content-Length: 3\r\n"),
    "a length and chunks": post(headers="Transfer-Encoding: chunked\r\n"),
    "a length too short": post(length=3),
    "an unknown encoding": post(headers="Transfer-Encoding: gzip\r\n"),
    "a chunk of no number": HEAD + b"Transfer-Encoding: chunked\r\n\r\nxyz\r\n" + BODY,
    "a chunk of negative size": HEAD + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n" + BODY,
    "a chunk beyond 64 bits": HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 17 + b"\r\n",
    "no gzip": post(headers="Content-Encoding: gzip\r\n"),
}
RIGHT = {
    "HTTP/1.0": post().replace(b"HTTP/1.1", b"HTTP/1.0"),
    "no host": post().replace(b"Host: here\r\n", b""),
    "line breaks before it": b"\r\n" * 100 + post(),
    "chunks of a byte": chunked(BODY, 1),
    "chunks and trailers": chunked(BODY, 7, b"a: b\r\n"),
    "a request to continue": post(headers="Expect: 100-continue\r\n"),
    "another expectation": post(headers="Expect: a miracle\r\n"),
    "10,000 headers": post(headers="a: b\r\n" * 10_000),
    "forged addresses": post(headers="X-Forwarded-For: \xff, ..\r\nX-Forwarded-Proto: gopher\r\n"),
}
# In each the place of a name of 10 kB, of a parent directory, ...
PATHS = (
    "/{}",
    "/v1/{}",
    "/v1/models/{}",
    "/v1/models/{}:predict",
    "/v1/models/{}/metadata",
    f"/v1/models/{NAME}/{{}}",
    f"/v1/models/{NAME}/versions/{{}}",
    f"/v1/models/{NAME}/versions/{{}}:predict",
    f"/v1/models/{NAME}/labels/{{}}:predict",
    f"/v1/models/{NAME}/labels/{{}}/metadata",
    f"/v1/models/{NAME}:{{}}",
)
NAMES = (
    "..",
    "../../../../etc/passwd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "..%5c..%5cboot.ini",
    "%00",
    f"{NAME}%00",
    "%",
    "%zz",
    "%u0041",
    "%ff%fe",
    "%ed%a0%80",
    "\xff\xfe",
    "\xe9t\xe9",
    "a" * 10_000,
    "%41" * 10_000,
    "9" * 10_000,
    "-1",
    "a?b=c",
    "?" + "q" * 10_000,
    "a;b",
    "a b",
    "a\tb",
    "file:///etc/passwd",
    "//",
    "",
)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_request_is_a_client_error(server: HostileServer, wrong: str) -> None:
    status, _ = exchange(server.rest, WRONG[wrong])
    assert 400 <= status < 500


@pytest.mark.parametrize("right", RIGHT)
def test_an_odd_request_is_answered(server: HostileServer, right: str) -> None:
    assert exchange(server.rest, RIGHT[right]) == ANSWER


@pytest.mark.parametrize("path", PATHS)
def test_a_hostile_name_in_a_path_is_a_client_error(server: HostileServer, path: str) -> None:
    for name in NAMES:
        target = path.format(name)
        for method in ("GET", "POST"):
            request = f"{method} {target} HTTP/1.1\r\nContent-Length: {len(BODY)}\r\n\r\n"
            status, _ = exchange(server.rest, request.encode("latin-1") + BODY)
            if method == "GET" and target.partition("?")[0] == "/":
                assert status == 200, target[:100]  # the page, whatever the query
            else:
                assert 400 <= status < 500, (method, target[:100])


def test_damaged_requests(server: HostileServer) -> None:
    draw = random.Random(0)
    for _ in range(500):
        request = bytearray(draw.choice((post(), chunked(BODY, 5), GET + b"\r\n")))
        for _ in range(draw.randrange(1, 5)):
            position = draw.randrange(len(request))
            damage = bytes(draw.choices(b'\0\r\n :/%{}[]"0159azAZ\x7f\x80\xff', k=3))
            request[position : position + draw.randrange(3)] = damage[: draw.randrange(4)]
        with RawConnection(server.rest) as connection:
            connection.send(bytes(request))
            connection.close_sending()
            status, _ = connection.answer()
        assert status in (0, 200) or 400 <= status < 500, bytes(request)


def test_pipelined_requests_are_answered_in_order(server: HostileServer) -> None:
    numbers = range(300)
    with RawConnection(server.rest) as connection:
        body = '{{"signature_name": "count", "inputs": [{}]}}'
        connection.send(b"".join(post(body.format(number).encode()) for number in numbers))
        answers = [connection.answer() for _ in numbers]
    assert answers == [
        (200, b'{\n    "outputs": [\n        %d\n    ]\n}' % number) for number in numbers
    ]


def test_what_follows_pipelined_requests_is_wrong(server: HostileServer) -> None:
    for count in range(1, 20):
        with RawConnection(server.rest) as connection:
            connection.send(post() * count + b"and now for something completely different\r\n\r\n")
            answers = [connection.answer()]
            while answers[-1] != NO_ANSWER:
                answers.append(connection.answer())
        assert {status for status, _ in answers} <= {0, 200, 400}


def test_connections_that_close_half_way(server: HostileServer) -> None:
    requests = post(), chunked(BODY, 5), post() * 3 + post()[:-1]
    for request in requests:
        for length in range(0, len(request), 7):
            connection = RawConnection(server.rest)
            connection.send(request[:length])
            (connection.reset if length % 2 else connection.close)()


def test_a_client_may_close_its_side_after_a_request(server: HostileServer) -> None:
    with RawConnection(server.rest) as connection:
        connection.send(post() * 2)
        connection.close_sending()
        assert [connection.answer() for _ in range(3)] == [ANSWER, ANSWER, NO_ANSWER]


@pytest.mark.parametrize("length", [0, 1, 30, len(post()) - 1])
def test_a_request_that_its_client_cuts_off_has_no_answer(
    server: HostileServer, length: int
) -> None:
    with RawConnection(server.rest) as connection:
        connection.send(post()[:length])
        connection.close_sending()
        assert connection.answer() == NO_ANSWER


def test_slow_clients_hold_up_nobody(server: HostileServer) -> None:
    request = post()
    with ExitStack() as stack:
        slow = [stack.enter_context(RawConnection(server.rest)) for _ in range(50)]
        for position in range(len(request)):
            for connection in slow:
                connection.send(request[position : position + 1])
            if position % 50 == 0:
                assert exchange(server.rest, request) == ANSWER
        assert [connection.answer() for connection in slow] == [ANSWER] * len(slow)
