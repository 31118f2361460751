"""Sends predict requests over REST."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from serving.load_test.sender import Done, Sender


class RestSender(Sender):
    """Posts JSON bodies over kept-alive connections, one a thread.

    Args:
        address: of the server, "HOST:PORT".
        model: the model's name there.
        connections: how many requests are in flight at most.
    """

    def __init__(self, address: str, model: str, connections: int) -> None:
        self._address = address
        self._path = f"/v1/models/{quote(model, safe='')}:predict"
        self._threads = ThreadPoolExecutor(connections, "rest")
        self._local = threading.local()

    def send(self, body: bytes, timeout: float, done: Done) -> None:
        """Post a body; see `Sender.send`."""
        self._threads.submit(self._post, body, timeout, done)

    def close(self) -> None:
        """End the threads, and their connections with them."""
        self._threads.shutdown()

    def _post(self, body: bytes, timeout: float, done: Done) -> None:
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = http.client.HTTPConnection(self._address)
        connection.timeout = timeout
        if connection.sock is not None:
            connection.sock.settimeout(timeout)
        error = None
        try:
            connection.request("POST", self._path, body, {"Content-Type": "application/json"})
            response = connection.getresponse()
            response.read()
            if response.status != http.client.OK:
                error = f"HTTP {response.status}"
        except TimeoutError:
            error = "DEADLINE_EXCEEDED"
        except (OSError, http.client.HTTPException):
            error = "UNAVAILABLE"
        if error is not None:
            connection.close()  # it opens again with the next request
        done(error)
