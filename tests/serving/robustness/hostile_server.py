"""The embedded server as a process that hostile requests are sent to."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import grpc
from hostile_grpc import call, good_request, is_good_response
from hostile_model import GOOD_INPUTS, GOOD_OUTPUT, NAME
from raw_http import PREDICT

REPOSITORY = Path(__file__).parents[3]
COMMAND = (sys.executable, "-m", "serving.server")
SECONDS = 60.0


class HostileServer:
    """Starts a server of one model on free ports.

    Args:
        model: the model's directory.
        log: file of what the process prints.
        flags: of the server, but for ports and model.
        command: the program and its first arguments.

    Attributes:
        rest: port of the REST API.
        channel: to the gRPC API; messages of every size pass.
        process: the process.
    """

    def __init__(
        self, model: Path, log: Path, flags: Sequence[str] = (), command: Sequence[str] = COMMAND
    ) -> None:
        self.rest, self.grpc = _free_ports(2)
        self._log = log
        with log.open("wb") as output:
            self.process = subprocess.Popen(
                [
                    *command,
                    f"--port={self.grpc}",
                    f"--rest_api_port={self.rest}",
                    f"--model_name={NAME}",
                    f"--model_base_path={model}",
                    *flags,
                ],
                cwd=REPOSITORY,
                env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        limits = ("grpc.max_receive_message_length", "grpc.max_send_message_length")
        self.channel = grpc.insecure_channel(
            f"127.0.0.1:{self.grpc}", [(limit, -1) for limit in limits]
        )

    def wait_until_available(self) -> None:
        """Wait until the model is available."""

        def available() -> bool:
            assert self.process.poll() is None, self.output()
            try:
                return b"AVAILABLE" in self._request("GET", f"/v1/models/{NAME}")
            except OSError:
                return False

        assert wait_until(available), self.output()

    def check(self) -> None:
        """Assert that the server is well: it answers over both APIs and has logged no traceback."""
        answer = json.loads(self._request("POST", PREDICT, json.dumps({"inputs": GOOD_INPUTS})))
        assert answer == {"outputs": GOOD_OUTPUT}
        status, response = call(self.channel, "Predict", good_request())
        assert status == "OK", response
        assert is_good_response(response)
        assert self.process.poll() is None
        assert "Traceback" not in self.output(), self.output()

    def memory(self) -> int:
        """Bytes of memory that the process holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def output(self) -> str:
        """What the process has printed so far."""
        return self._log.read_text(errors="replace")

    def stop(self) -> None:
        """End the process."""
        self.channel.close()
        self.process.terminate()
        try:
            self.process.wait(SECONDS)
        finally:
            self.process.kill()

    def _request(self, method: str, path: str, body: str | None = None) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.rest, timeout=SECONDS)
        try:
            connection.request(method, path, body)
            return connection.getresponse().read()
        finally:
            connection.close()


def wait_until(condition: Callable[[], bool], seconds: float = SECONDS) -> bool:
    """Poll a condition; whether it came to hold before the deadline."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    try:
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
    finally:
        for each in sockets:
            each.close()
