"""The contract of TensorFlow Serving, on the embedded server or on any other.

    pytest tests/serving/contract
        starts `python -m serving.server`.
    pytest tests/serving/contract --server-command tensorflow_model_server
        starts that program, with the same flags.
    pytest tests/serving/contract --grpc HOST:PORT --rest HOST:PORT --models DIR
        runs on a server that runs already, by the command that `write_models.py DIR` printed. It
        must see DIR under the same path: tests of the life cycle add versions below DIR/lifecycle.

What is expected is TensorFlow Serving's public documentation, sources and tests; each file names
its own. Where these leave the answer open, what is certain is asserted and the rest is not.
"""

import fcntl
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest
from contract_grpc import GrpcApi
from contract_lifecycle import OwnModel, Reloader
from contract_rest import RestApi
from contract_server import ContractServer
from write_models import MODELS, server_flags, write_models

Starter = Callable[..., ContractServer]


@pytest.fixture(scope="session")
def running(pytestconfig: pytest.Config) -> bool:
    """Whether the suite is pointed at a server that runs already."""
    addresses = [pytestconfig.getoption(name) for name in ("--grpc", "--rest", "--models")]
    if any(addresses) and not all(addresses):
        raise pytest.UsageError("--grpc, --rest and --models go together")
    if any(addresses) and "PYTEST_XDIST_WORKER" in os.environ:
        # The tests of the life cycle reload the one server's configuration.
        raise pytest.UsageError("a running server is checked by one process: leave -n out")
    return all(addresses)


@pytest.fixture(scope="session")
def embedded(pytestconfig: pytest.Config, running: bool) -> bool:
    """Whether the server is the embedded one, which promises more than the contract."""
    return not running and pytestconfig.getoption("--server-command") is None


@pytest.fixture(scope="session")
def models(
    pytestconfig: pytest.Config, running: bool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Path]:
    """The directory of the models, written once for all workers."""
    if running:
        directory = Path(pytestconfig.getoption("--models")).resolve()
        yield directory
        for left in (directory / "lifecycle").iterdir():
            shutil.rmtree(left)
        return
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    with (shared / "contract_models.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        directory = shared / "contract_models"
        if not (directory / "models.config").exists():
            write_models(directory)
    yield directory


@pytest.fixture(scope="session")
def start_process(
    pytestconfig: pytest.Config, running: bool, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Starter]:
    """Starts a server with the flags given, and does not wait for it."""
    program = pytestconfig.getoption("--server-command")
    command = shlex.split(program) if program else [sys.executable, "-m", "serving.server"]
    servers: list[ContractServer] = []

    def start(*flags: str) -> ContractServer:
        if running:
            pytest.skip("needs a server of its own: the suite runs on one that runs already")
        log = tmp_path_factory.mktemp("server") / "log"
        servers.append(ContractServer(command, flags, log, pytestconfig.rootpath))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture(scope="session")
def start_server(start_process: Starter) -> Starter:
    """Starts a server with the flags given and waits until it serves the models given."""

    def start(*flags: str, serves: Sequence[str]) -> ContractServer:
        server = start_process(*flags)
        server.wait_until_available(serves)
        return server

    return start


@pytest.fixture(scope="session")
def server(
    pytestconfig: pytest.Config,
    running: bool,
    models: Path,
    request: pytest.FixtureRequest,
) -> ContractServer | SimpleNamespace:
    """The server of all models; `grpc` and `rest` are its addresses."""
    if running:
        addresses = {name: pytestconfig.getoption(f"--{name}") for name in ("grpc", "rest")}
        return SimpleNamespace(**addresses)
    start = request.getfixturevalue("start_server")
    return start(*server_flags(models), serves=list(MODELS))


@pytest.fixture(scope="session")
def rest_api(server: ContractServer) -> RestApi:
    return RestApi(server.rest)


@pytest.fixture(scope="session")
def grpc_api(server: ContractServer) -> Iterator[GrpcApi]:
    api = GrpcApi(server.grpc)
    yield api
    api.close()


@pytest.fixture
def reload(grpc_api: GrpcApi, models: Path) -> Iterator[Reloader]:
    """Reloads the server's configuration; the one it was started with comes back at the end."""
    reloader = Reloader(grpc_api, models)
    yield reloader
    reloader.restore()


@pytest.fixture
def own_model(models: Path) -> OwnModel:
    """A model of this test alone, without a version yet."""
    return OwnModel(models)


@pytest.fixture
def own_models(models: Path) -> list[OwnModel]:
    """Two such models."""
    return [OwnModel(models), OwnModel(models)]
