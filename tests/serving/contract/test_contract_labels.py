"""Labels of versions, with --allow_version_labels_for_unavailable_models.

Sources: g3doc/serving_config.md, model_servers/server_core.cc (UpdateModelVersionLabelMap,
GetModelVersionForLabel).
"""

from collections.abc import Mapping

import pytest
from contract_grpc import GrpcApi, predict_request
from contract_lifecycle import OwnModel, Reloader
from contract_rest import RestApi
from contract_server import wait_until
from grpc import StatusCode
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig


@pytest.fixture
def two_versions(grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel) -> OwnModel:
    """A model whose versions 1 and 2 are available, `stable` being 1."""
    own_model.add(1)
    own_model.add(2)
    reload(labelled(own_model, {"stable": 1}))
    states = {2: "AVAILABLE", 1: "AVAILABLE"}
    assert wait_until(lambda: grpc_api.states(own_model.name) == states)
    return own_model


def labelled(model: OwnModel, labels: Mapping[str, int]) -> ModelConfig:
    return model.config("specific { versions: 1 versions: 2 }", labels)


def by_label(grpc_api: GrpcApi, rest_api: RestApi, model: OwnModel, label: str) -> float:
    """The version that a label names, on which both interfaces must agree."""
    answer = grpc_api.predict(model.name, {"x": [0.0]}, label=label)["y"].tolist()
    path = f"/v1/models/{model.name}/labels/{label}:predict"
    assert rest_api.post(path, {"instances": [0.0]}).json == {"predictions": answer}
    return answer[0] / 100.0


def test_a_label_moves(
    grpc_api: GrpcApi, rest_api: RestApi, reload: Reloader, two_versions: OwnModel
) -> None:
    assert by_label(grpc_api, rest_api, two_versions, "stable") == 1
    reload(labelled(two_versions, {"stable": 1, "canary": 2}))
    assert by_label(grpc_api, rest_api, two_versions, "stable") == 1
    assert by_label(grpc_api, rest_api, two_versions, "canary") == 2
    reload(labelled(two_versions, {"stable": 2, "canary": 2}))
    assert by_label(grpc_api, rest_api, two_versions, "stable") == 2
    reload(labelled(two_versions, {"stable": 1}))
    assert by_label(grpc_api, rest_api, two_versions, "stable") == 1


def test_a_label_that_is_dropped_is_unknown(
    grpc_api: GrpcApi, rest_api: RestApi, reload: Reloader, two_versions: OwnModel
) -> None:
    reload(labelled(two_versions, {}))
    request = predict_request(two_versions.name, {"x": [0.0]}, label="stable")
    message = "Unrecognized servable version label: stable"
    found = grpc_api.error(grpc_api.prediction.Predict, request)
    assert found == (StatusCode.INVALID_ARGUMENT, message)
    path = f"/v1/models/{two_versions.name}/labels/stable:predict"
    reply = rest_api.post(path, {"instances": [0.0]})
    assert (reply.status, reply.error) == (400, message)


def test_a_label_in_use_moves_to_available_versions_only(
    grpc_api: GrpcApi, rest_api: RestApi, reload: Reloader, two_versions: OwnModel
) -> None:
    request = reload.request([labelled(two_versions, {"stable": 9})])
    found = grpc_api.error(grpc_api.models.HandleReloadConfigRequest, request)
    message = (
        f"Request to assign label to version 9 of model {two_versions.name}, "
        "which is not currently available for inference"
    )
    assert found == (StatusCode.FAILED_PRECONDITION, message)
    assert by_label(grpc_api, rest_api, two_versions, "stable") == 1


def test_a_new_label_may_name_a_version_to_come(
    grpc_api: GrpcApi, rest_api: RestApi, reload: Reloader, two_versions: OwnModel
) -> None:
    config = two_versions.config("all {}", {"stable": 1, "next": 3})
    reload(config)
    request = predict_request(two_versions.name, {"x": [0.0]}, label="next")
    message = f"Servable not found for request: Specific({two_versions.name}, 3)"
    found = grpc_api.error(grpc_api.prediction.Predict, request)
    assert found == (StatusCode.NOT_FOUND, message)
    two_versions.add(3)
    assert wait_until(lambda: grpc_api.states(two_versions.name).get(3) == "AVAILABLE")
    assert by_label(grpc_api, rest_api, two_versions, "next") == 3


def test_labels_are_each_model_s_own(
    grpc_api: GrpcApi, rest_api: RestApi, two_versions: OwnModel
) -> None:
    request = predict_request("half_plus_two", {"x": [0.0]}, label="stable")
    code, message = grpc_api.error(grpc_api.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT
    assert message == "Unrecognized servable version label: stable"
    assert by_label(grpc_api, rest_api, two_versions, "stable") == 1
