"""Servers of one model, and a look at them after each test."""

import fcntl
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hostile_model import write_hostile_model
from hostile_server import HostileServer

# Few threads: what holds them all up shows at once.
FLAGS = {
    "plain": ("--rest_api_num_threads=4", "--grpc_max_threads=4"),
    "batching": ("--rest_api_num_threads=4", "--grpc_max_threads=4", "--enable_batching"),
}


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the model, written once for all workers."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "hostile_model.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = shared / "hostile_model"
        if not directory.exists():
            write_hostile_model(directory / "1")
    return directory


@pytest.fixture(scope="session")
def start(
    model: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[..., HostileServer]]:
    """Starts a server of the model and waits until it serves it."""
    servers: list[HostileServer] = []

    def start_server(**arguments: tuple[str, ...]) -> HostileServer:
        log = tmp_path_factory.mktemp("server") / "log"
        servers.append(HostileServer(model, log, **arguments))
        servers[-1].wait_until_available()
        return servers[-1]

    yield start_server
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file in which the server without batching writes what it opens."""
    return tmp_path_factory.mktemp("opened") / "paths"


@pytest.fixture(scope="session", params=FLAGS)
def running(
    request: pytest.FixtureRequest, start: Callable[..., HostileServer], opened: Path
) -> HostileServer:
    """A server without batching, which writes what it opens; then one with batching."""
    if request.param == "batching":
        return start(flags=FLAGS["batching"])
    launcher = Path(__file__).parent / "audited_server.py"
    return start(flags=FLAGS["plain"], command=(sys.executable, str(launcher), str(opened)))


@pytest.fixture
def server(running: HostileServer) -> Iterator[HostileServer]:
    """The server, which must be well after the test."""
    yield running
    running.check()
