"""The embedded server in a process of its own, and plain requests to it."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

REPOSITORY = Path(__file__).parents[3]
_SECONDS = 240.0


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class PageServer(NamedTuple):
    """Where a server is."""

    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"

    def ask(self, method: str, path: str, body: Any = None, host: str | None = None) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            headers = {} if host is None else {"Host": host}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            headers = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, headers, response.read())
        finally:
            connection.close()


@contextmanager
def serve(log: Path, models: Sequence[str], *flags: str) -> Iterator[PageServer]:
    """Serve until the block ends; begins once every model has an available version."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving.server", "--port=0", f"--rest_api_port={port}", *flags],
            cwd=REPOSITORY,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
            stdout=output,
            stderr=output,
        )
    server = PageServer(port)
    try:
        deadline = time.monotonic() + _SECONDS
        for model in models:
            while not _is_available(server, model):
                assert process.poll() is None, log.read_text(errors="replace")
                assert time.monotonic() < deadline, log.read_text(errors="replace")
                time.sleep(0.1)
        yield server
    finally:
        process.terminate()
        process.wait()


def _is_available(server: PageServer, model: str) -> bool:
    from urllib.parse import quote

    try:
        return b"AVAILABLE" in server.ask("GET", f"/v1/models/{quote(model, safe='')}").body
    except OSError:
        return False
