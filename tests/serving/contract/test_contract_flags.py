"""What a server does by its flags: the polled configuration, CORS, the timeout of REST.

Sources: g3doc/serving_config.md, model_servers/main.cc, server.cc, http_rest_api_util.cc
(AddCORSHeaders), tensorflow/core/util/command_line_flags.cc.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from contract_grpc import GrpcApi
from contract_lifecycle import OwnModel
from contract_rest import RestApi
from contract_server import ContractServer, wait_until
from google.protobuf import text_format
from grpc import StatusCode
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from write_models import METRICS_PATH, model_config

SERVED = ("half_plus_two", "slow")
CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}


@pytest.fixture(scope="module")
def config_file(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("flags") / "models.config"
    file.write_text(model_config(models, *SERVED))
    return file


@pytest.fixture(scope="module")
def flags_server(
    start_server: Callable[..., ContractServer], config_file: Path, embedded: bool
) -> Iterator[ContractServer]:
    """Every second it reads its configuration; labels need available versions; no metrics."""
    flags = {
        "model_config_file": str(config_file),
        "model_config_file_poll_wait_seconds": "1",
        "file_system_poll_wait_seconds": "1",
        "rest_api_timeout_in_ms": "500",
        "max_num_load_retries": "0",
    }
    # TensorFlow's own parser of flags takes a value after "=" alone.
    form = ("--{} {}" if embedded else "--{}={}").format
    words = [word for flag in flags.items() for word in form(*flag).split(" ")]
    server = start_server(*words, "--rest_api_enable_cors_support", serves=SERVED)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def flags_rest(flags_server: ContractServer) -> RestApi:
    return RestApi(flags_server.rest)


@pytest.fixture(scope="module")
def flags_grpc(flags_server: ContractServer) -> Iterator[GrpcApi]:
    api = GrpcApi(flags_server.grpc)
    yield api
    api.close()


def test_flags_are_read(flags_rest: RestApi) -> None:
    assert flags_rest.predict("half_plus_two", {"instances": [1.0]}).json == {"predictions": [2.5]}


@pytest.mark.parametrize("payload", ['{"instances": [1.0]}', "no JSON"], ids=["answer", "error"])
def test_every_reply_has_cors_headers(flags_rest: RestApi, payload: str) -> None:
    headers = {"Origin": "http://example.org"}
    reply = flags_rest.request("POST", "/v1/models/half_plus_two:predict", payload, headers)
    assert {name: reply.headers[name] for name in CORS} == CORS
    assert reply.headers["Content-Type"] == "application/json"


def test_a_preflight_is_allowed(flags_rest: RestApi) -> None:
    headers = {"Origin": "http://example.org", "Access-Control-Request-Method": "POST"}
    path = "/v1/models/half_plus_two:predict"
    reply = flags_rest.request("OPTIONS", path, None, headers)
    assert (reply.status, reply.body) == (200, b"")
    assert {name: reply.headers[name] for name in CORS} == CORS


def test_rest_has_a_timeout(flags_rest: RestApi) -> None:
    reply = flags_rest.predict("slow", {"instances": [1_000_000]})
    assert reply.status == 504
    assert reply.error
    assert flags_rest.predict("slow", {"instances": [10]}).json == {"predictions": [10]}


def test_there_is_no_page_of_metrics_unless_asked_for(flags_rest: RestApi) -> None:
    assert flags_rest.get(METRICS_PATH).status == 404


def test_labels_need_available_versions_unless_allowed(flags_grpc: GrpcApi, models: Path) -> None:
    request = ReloadConfigRequest()
    text_format.Parse(model_config(models, *SERVED), request.config)
    request.config.model_config_list.config[0].version_labels["next"] = 124
    found = flags_grpc.error(flags_grpc.models.HandleReloadConfigRequest, request)
    message = (
        "Request to assign label to version 124 of model half_plus_two, "
        "which is not currently available for inference"
    )
    assert found == (StatusCode.FAILED_PRECONDITION, message)


def test_the_configuration_is_polled(
    flags_grpc: GrpcApi, flags_rest: RestApi, config_file: Path, models: Path
) -> None:
    model = OwnModel(models)
    model.add(1)
    model.add(2)

    def configure(*configs: object) -> None:
        """Replace the file at once, as a deployment does."""
        request = ReloadConfigRequest()
        text_format.Parse(model_config(models, *SERVED), request.config)
        request.config.model_config_list.config.extend(configs)
        new = config_file.with_suffix(".new")
        new.write_text(text_format.MessageToString(request.config))
        new.rename(config_file)

    def states() -> dict[int, str]:
        known = flags_rest.get(f"/v1/models/{model.name}").status == 200
        return flags_grpc.states(model.name) if known else {}

    configure(model.config())
    assert wait_until(lambda: states() == {2: "AVAILABLE"})
    configure(model.config("specific { versions: 1 }"))
    assert wait_until(lambda: states() == {2: "END", 1: "AVAILABLE"})
    configure(model.config("specific { versions: 1 }", {"stable": 1}))

    def labelled() -> bool:
        path = f"/v1/models/{model.name}/labels/stable:predict"
        return flags_rest.post(path, {"instances": [0.0]}).status == 200

    assert wait_until(labelled)
    # A file that cannot be read changes nothing: two polls see it.
    config_file.write_text("model_config_list {")
    assert not wait_until(lambda: not labelled(), seconds=2.5)
    configure()
    assert wait_until(lambda: states() == {2: "END", 1: "END"})
