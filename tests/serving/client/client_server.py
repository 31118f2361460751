"""The embedded server in a process of its own, as the clients' tests start it."""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from serving.client import ModelClient, RestClient

REPOSITORY = Path(__file__).parents[3]
Connect = Callable[[str], ModelClient]


class Served(NamedTuple):
    """Where the server is, and the models' directory."""

    rest: str
    grpc: str
    models: Path


@contextmanager
def serve(root: Path, config: str, *models: str, flags: Sequence[str] = ()) -> Iterator[Served]:
    """Serve models until the block ends.

    Args:
        root: the models' directory.
        config: text of a ModelServerConfig.
        models: to wait for.
        flags: more of the server's.
    """
    file = root / "models.config"
    file.write_text(config)
    rest, grpc = free_port(), free_port()
    with (root / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "serving.server",
                f"--rest_api_port={rest}",
                f"--port={grpc}",
                f"--model_config_file={file}",
                "--allow_version_labels_for_unavailable_models=true",
                *flags,
            ],
            cwd=REPOSITORY,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
            stdout=log,
            stderr=log,
        )
    try:
        for model in models:
            with RestClient(f"http://localhost:{rest}", model) as client:
                client.wait_until_available(120.0)
        yield Served(f"http://localhost:{rest}", f"localhost:{grpc}", root)
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port
