"""The embedded server, run with the files of serving/tf_serving and the Dockerfile's flags."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy_files import TF_SERVING, server_flags

_START_SECONDS = 300.0


@dataclass(frozen=True)
class Served:
    """A server of the model `qb_video`, versions 1 and 2."""

    rest: int
    grpc: int
    request: bytes

    def get(self, path: str) -> str:
        return self._answer(path, None)

    def predict(self, label: str) -> str:
        return self._answer(f"/v1/models/qb_video/labels/{label}:predict", self.request)

    def metrics(self) -> str:
        return self.get("/monitoring/prometheus/metrics")

    def _answer(self, path: str, body: bytes | None) -> str:
        url = f"http://127.0.0.1:{self.rest}{path}"
        with urllib.request.urlopen(url, body, timeout=60) as answer:
            return str(answer.read().decode())


@contextmanager
def serve(version: Path, root: Path) -> Iterator[Served]:
    """Serve a version as 1 and as 2, from below a directory.

    Args:
        version: the version's directory.
        root: stands for the container's root, where /config and /models are.

    Returns:
        The server, once both labels resolve; it ends with the context.
    """
    for number in ("1", "2"):
        shutil.copytree(version, root / "models" / "qb_video" / number)
    shutil.copytree(TF_SERVING, root / "config")
    config = root / "config" / "models.config"
    config.write_text(config.read_text().replace('"/models/', f'"{root}/models/'))
    flags = [flag.replace("=/config/", f"={root}/config/") for flag in server_flags()]
    rest, grpc = _free_ports()
    ports = [f"--port={grpc}", f"--rest_api_port={rest}"]
    log = root / "server.log"
    found = Served(rest, grpc, (version / "assets.extra" / "example_request.json").read_bytes())
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "serving.server", *flags, *ports],
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        )
    try:
        end = time.monotonic() + _START_SECONDS
        while not _resolves(found, "stable") or not _resolves(found, "canary"):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < end, log.read_text()
            time.sleep(0.2)
        yield found
    finally:
        process.terminate()
        process.wait(60)


def _resolves(served: Served, label: str) -> bool:
    try:
        return "AVAILABLE" in served.get(f"/v1/models/qb_video/labels/{label}")
    except OSError:
        return False


def _free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        for probe in (first, second):
            probe.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]
