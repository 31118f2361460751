"""Several worker processes answer as one server: `--workers`, not a flag of the real one."""

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import grpc
import pytest
from contract_grpc import GrpcApi
from contract_lifecycle import OwnModel, Reloader
from contract_rest import RestApi
from contract_server import ContractServer, free_ports, wait_until
from write_models import METRICS_PATH, server_flags

# Every REST request is a connection of its own, which the system gives to any of the workers: that
# this many in a row all go to the same one does not happen.
MANY = 40
MODEL = "half_plus_two"


@pytest.fixture(autouse=True)
def _embedded(embedded: bool) -> None:
    if not embedded:
        pytest.skip("--workers is a flag of the embedded server")


@pytest.fixture(scope="module")
def shared(models: Path, start_server: Callable) -> ContractServer:
    """Serves all tests that leave it as it was."""
    return start_server("--workers=2", *server_flags(models), serves=[MODEL])


@pytest.fixture
def own(models: Path, start_server: Callable) -> ContractServer:
    """Serves one test, which may end it."""
    flags = (f"--model_name={MODEL}", f"--model_base_path={models}/{MODEL}")
    return start_server("--workers=2", *flags, serves=[MODEL])


@pytest.fixture
def rest(shared: ContractServer) -> RestApi:
    return RestApi(shared.rest)


@pytest.fixture
def reload(shared: ContractServer, models: Path) -> Iterator[Reloader]:
    api = GrpcApi(shared.grpc)
    reloader = Reloader(api, models)
    yield reloader
    reloader.restore()
    api.close()


def predicted(rest: RestApi, path: str) -> set[int]:
    """The status codes of many predictions."""
    body = '{"instances": [1.0]}'
    return {rest.request("POST", f"/v1/models/{path}:predict", body).status for _ in range(MANY)}


def requests(rest: RestApi) -> int:
    """How many the metrics say that the model has answered."""
    page = rest.get(METRICS_PATH).body.decode()
    cell = f':tensorflow:serving:request_count{{model_name="{MODEL}",status="OK"}}'
    (count,) = re.findall(rf"^{re.escape(cell)} (\d+)$", page, re.MULTILINE)
    return int(count)


def states(rest: RestApi, model: OwnModel) -> dict[str, str]:
    statuses = rest.get(f"/v1/models/{model.name}").json["model_version_status"]
    return {status["version"]: status["state"] for status in statuses}


@pytest.mark.long
def test_metrics_are_summed(rest: RestApi) -> None:
    before = requests(rest)
    assert predicted(rest, MODEL) == {200}
    assert {requests(rest) for _ in range(MANY)} == {before + MANY}


def test_a_swap_is_reported_once_every_worker_has_switched(
    rest: RestApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    reload(own_model.config())
    own_model.add(2)
    assert wait_until(lambda: states(rest, own_model).get("2") == "AVAILABLE")
    assert predicted(rest, f"{own_model.name}/versions/2") == {200}
    assert wait_until(lambda: states(rest, own_model)["1"] == "END")
    assert predicted(rest, f"{own_model.name}/versions/1") == {404}


def test_a_reload_through_one_worker_is_every_worker_s(
    rest: RestApi, reload: Reloader, own_models: list[OwnModel]
) -> None:
    first, second = own_models
    for model in own_models:
        model.add(1)
    reload(first.config(), second.config())
    reload(first.config(labels={"stable": 1}))
    assert predicted(rest, f"{first.name}/labels/stable") == {200}
    assert predicted(rest, second.name) == {404}


def test_what_one_worker_refuses_no_worker_does(
    shared: ContractServer, rest: RestApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    reload(own_model.config())
    reload(own_model.config(labels={"stable": 1}))
    api = GrpcApi(shared.grpc)
    request = reload.request([own_model.config(labels={"stable": 7})])
    code, message = api.error(api.models.HandleReloadConfigRequest, request)
    api.close()
    assert code is grpc.StatusCode.FAILED_PRECONDITION
    assert "version 7" in message
    assert predicted(rest, f"{own_model.name}/labels/stable") == {200}


@pytest.mark.long
def test_it_ends_when_told_to(own: ContractServer) -> None:
    left = workers(own)
    assert own.stop() == 0
    assert not any(map(runs, left))


def test_a_worker_that_is_killed_ends_the_server(own: ContractServer) -> None:
    killed, left = workers(own)
    os.kill(killed, signal.SIGKILL)
    assert own.wait_until_ended() == 1
    assert "worker 0 ended with -9: stopping the others" in own.output()
    assert not runs(left)


@pytest.mark.long
def test_no_worker_outlives_the_server(own: ContractServer) -> None:
    left = workers(own)
    own.process.kill()
    assert wait_until(lambda: not any(map(runs, left)))


@pytest.mark.long
def test_what_cannot_be_loaded_stops_every_worker(models: Path, start_process: Callable) -> None:
    flags = (f"--model_base_path={models}/corrupt", "--max_num_load_retries=0")
    server = start_process("--workers=2", *flags)
    assert server.wait_until_ended() == 255
    assert "Failed to start server" in server.output()


@pytest.mark.long
@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--workers=0"], "--workers is the number of processes, not 0"),
        (["--workers=2", "--grpc_socket_path=socket"], "--grpc_socket_path is one process's"),
    ],
)
def test_what_workers_cannot_share(flags: list[str], message: str, start_process: Callable) -> None:
    server = start_process(*flags, "--model_base_path=/nothing")
    assert server.wait_until_ended() == 255
    assert message in server.output()


def test_a_port_that_another_server_has_is_not_shared(
    shared: ContractServer, models: Path, start_process: Callable
) -> None:
    (port,) = free_ports(1)
    taken = shared.rest.rpartition(":")[2]
    other = start_process(
        "--workers=2",
        f"--port={port}",
        f"--rest_api_port={taken}",
        f"--model_base_path={models}/echo",
    )
    assert other.wait_until_ended() == 255
    assert f"cannot listen on 127.0.0.1:{taken}" in other.output()


def workers(server: ContractServer) -> list[int]:
    pid = server.process.pid
    return [int(p) for p in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def runs(pid: int) -> bool:
    """Whether there is such a process; one that has ended may wait for its parent."""
    try:
        return "(zombie)" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
