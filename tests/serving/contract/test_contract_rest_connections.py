"""HTTP/1.1 as clients speak it: connections kept, bodies in chunks, bodies announced.

Source: model_servers/http_server.cc serves through libevent's evhttp, which does all of it.
"""

import http.client
import json
import socket
from concurrent.futures import ThreadPoolExecutor

from contract_rest import RestApi

PATH = "/v1/models/half_plus_two:predict"
BODY = json.dumps({"instances": [1.0]}).encode()


def test_a_connection_is_kept(rest_api: RestApi) -> None:
    connection = http.client.HTTPConnection(rest_api.address, timeout=30)
    connection.connect()
    first = connection.sock
    for body, status in ((BODY, 200), (b"no JSON", 400), (BODY, 200)):
        connection.request("POST", PATH, body)
        response = connection.getresponse()
        assert (response.status, bool(response.read())) == (status, True)
        assert connection.sock is first
    connection.close()


def test_a_body_may_come_in_chunks(rest_api: RestApi) -> None:
    connection = http.client.HTTPConnection(rest_api.address, timeout=30)
    connection.request("POST", PATH, iter([BODY[:5], BODY[5:]]), encode_chunked=True)
    response = connection.getresponse()
    assert json.loads(response.read()) == {"predictions": [2.5]}
    connection.close()


def test_a_body_may_be_announced(rest_api: RestApi) -> None:
    # curl does so from 1 MiB on.
    host, port = rest_api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=30) as connection:
        lines = [
            f"POST {PATH} HTTP/1.1",
            f"Host: {host}",
            f"Content-Length: {len(BODY)}",
            "Expect: 100-continue",
            "Connection: close",
        ]
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        assert connection.recv(65536).startswith(b"HTTP/1.1 100 ")
        connection.sendall(BODY)
        reply = b"".join(iter(lambda: connection.recv(65536), b""))
    assert reply.startswith(b"HTTP/1.1 200 ")
    assert reply.endswith(b"}")


def test_requests_are_answered_at_the_same_time(rest_api: RestApi) -> None:
    def answer(number: int) -> list[float]:
        reply = rest_api.predict("half_plus_two", {"instances": [float(number)]})
        return reply.json["predictions"]

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(answer, range(200)))
    assert answers == [[0.5 * number + 2.0] for number in range(200)]
