"""This project's server with one version of one model, in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infnet_keras.errors import ExportError, InfnetError
from serving.client import GrpcClient, ServingError
from serving.status import Code

MODEL = "candidate"
_SECONDS = 600.0
_POLL = 0.2
_STOPPED_WITHIN = 30.0
_REASON = "Failed to start server."  # as serving.server begins it
_NOT_YET = (Code.UNAVAILABLE, Code.NOT_FOUND, Code.DEADLINE_EXCEEDED)


class NotServed(InfnetError):
    """The server did not start with this version; the message says what it said."""


@contextmanager
def candidate_server(version: Path, seconds: float = _SECONDS) -> Iterator[GrpcClient]:
    """Serve a version until the block ends.

    The server listens to a socket in a directory of its own, so that it needs no free port and
    nobody else finds it.

    Args:
        version: the version's directory.
        seconds: within which it must be available.

    Yields:
        A client of the model, once the server has it available.

    Raises:
        NotServed: the server ended, as it does if a version does not load.
        ExportError: it did not get there in time, or was killed: a matter of the machine, which
            says nothing about the version.
    """
    with TemporaryDirectory(prefix="candidate") as scratch:
        base, socket, log = (Path(scratch, name) for name in (MODEL, "socket", "log"))
        base.mkdir()
        (base / "1").symlink_to(version.resolve(), target_is_directory=True)
        flags = {
            "port": 0,
            "grpc_socket_path": socket,
            "model_name": MODEL,
            "model_base_path": base,
            "max_num_load_retries": 0,
        }
        with log.open("wb") as output:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "serving.server",
                    *(f"--{name}={value}" for name, value in flags.items()),
                ],
                # An accelerator is left to the step itself.
                env={**os.environ, "CUDA_VISIBLE_DEVICES": "-1"},
                stdout=output,
                stderr=output,
            )
        try:
            with GrpcClient(f"unix:{socket}", MODEL) as client:
                _wait(client, process, log, seconds)
                yield client
        finally:
            _stop(process)


def _wait(
    client: GrpcClient, process: "subprocess.Popen[bytes]", log: Path, seconds: float
) -> None:
    deadline = time.monotonic() + seconds
    while process.poll() is None:
        try:
            if any(version.state == "AVAILABLE" for version in client.status(timeout=_POLL)):
                return
        except ServingError as error:
            if error.code not in _NOT_YET:
                raise
        if time.monotonic() > deadline:
            raise ExportError(
                f"the server did not have the version within {seconds:g} s; its last words: "
                f"{_last_words(log)}. Run again, with less beside it"
            )
        time.sleep(_POLL)
    if process.returncode < 0:
        raise ExportError(
            f"the server was ended by signal {-process.returncode}; its last words: "
            f"{_last_words(log)}. Run again, with more memory if that was it"
        )
    raise NotServed(f"the server does not start with it: {_last_words(log)}")


def _last_words(log: Path) -> str:
    """The reason that the server gives for ending, of however many lines; else its last line."""
    text = log.read_text("utf-8", errors="replace").strip()
    if _REASON in text:
        return " ".join(text[text.index(_REASON) :].split())
    return text.splitlines()[-1] if text else "none"


def _stop(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
