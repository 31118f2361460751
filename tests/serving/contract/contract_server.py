"""A model server as a process, started with tensorflow_model_server's flags."""

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import quote

_START_SECONDS = 120.0
_STOP_SECONDS = 30.0


class ContractServer:
    """Starts a server on free ports.

    Args:
        command: the program and its first arguments.
        flags: its flags but for the ports.
        log: file of what the process prints.
        directory: the working directory of the process.

    Attributes:
        grpc, rest: the addresses, "host:port".
        process: the process.
    """

    def __init__(
        self, command: Sequence[str], flags: Sequence[str], log: Path, directory: Path
    ) -> None:
        grpc_port, rest_port = free_ports(2)
        self.grpc, self.rest = f"127.0.0.1:{grpc_port}", f"127.0.0.1:{rest_port}"
        ports = (f"--port={grpc_port}", f"--rest_api_port={rest_port}")
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [*command, *ports, *flags],
                cwd=directory,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def wait_until_available(self, models: Sequence[str]) -> None:
        """Wait until every model has an available version.

        Raises:
            AssertionError: the process has ended, or a model takes too long.
        """

        def available() -> bool:
            assert self.process.poll() is None, f"the server ended:\n{self.output()}"
            return all(self._has_available_version(model) for model in models)

        assert wait_until(available, _START_SECONDS), f"the server does not serve:\n{self.output()}"

    def wait_until_ended(self) -> int:
        """The exit status of a process that ends by itself."""
        return self.process.wait(_START_SECONDS)

    def stop(self) -> int:
        """End the process; its exit status."""
        self.process.terminate()
        try:
            return self.process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def output(self) -> str:
        """What the process has printed so far."""
        return self._log.read_text(errors="replace")

    def _has_available_version(self, model: str) -> bool:
        connection = http.client.HTTPConnection(self.rest, timeout=10)
        try:
            connection.request("GET", f"/v1/models/{quote(model)}")
            response = connection.getresponse()
            content = response.read()
        except OSError:
            return False
        finally:
            connection.close()
        statuses = json.loads(content)["model_version_status"] if response.status == 200 else []
        return any(status["state"] == "AVAILABLE" for status in statuses)


def free_ports(count: int) -> list[int]:
    """Ports of this machine that nothing listens on."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Poll a condition; whether it came to hold before the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True
