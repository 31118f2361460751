"""Versions and models come, go and come back while the server runs.

Sources: g3doc/serving_config.md, sources/storage_path/file_system_storage_path_source.cc,
core/availability_preserving_policy.cc, servable_state_monitor.cc, model_servers/server_core.cc.
"""

import grpc
import numpy as np
import pytest
import tensorflow as tf
from contract_grpc import GrpcApi, predict_request
from contract_lifecycle import OwnModel, Reloader
from contract_rest import RestApi
from contract_server import wait_until


def available(grpc_api: GrpcApi, model: OwnModel) -> set[int]:
    states = grpc_api.states(model.name)
    return {version for version, state in states.items() if state == "AVAILABLE"}


def answering_version(grpc_api: GrpcApi, model: OwnModel, version: int | None = None) -> float:
    """The version that answers: those of the model `versions` say it."""
    return grpc_api.predict(model.name, {"x": [0.0]}, version=version)["y"].tolist()[0] / 100.0


def test_a_new_model_is_available_when_the_reload_returns(
    grpc_api: GrpcApi, rest_api: RestApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    assert rest_api.get(f"/v1/models/{own_model.name}").status == 404
    reload(own_model.config())
    assert answering_version(grpc_api, own_model) == 1
    assert grpc_api.states(own_model.name) == {1: "AVAILABLE"}


def test_several_models_come_at_once(
    grpc_api: GrpcApi, reload: Reloader, own_models: list[OwnModel]
) -> None:
    for version, model in enumerate(own_models, start=1):
        model.add(version)
    reload(*(model.config() for model in own_models))
    for version, model in enumerate(own_models, start=1):
        assert answering_version(grpc_api, model) == version


@pytest.mark.parametrize(
    ("policy", "versions"),
    [
        ("", {3}),
        ("latest {}", {3}),
        ("latest { num_versions: 2 }", {2, 3}),
        ("latest { num_versions: 9 }", {1, 2, 3}),
        ("all {}", {1, 2, 3}),
        ("specific { versions: 1 versions: 3 versions: 7 }", {1, 3}),
    ],
)
def test_policies(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel, policy: str, versions: set[int]
) -> None:
    for version in (1, 2, 3):
        own_model.add(version)
    reload(own_model.config(policy))
    # The reload waits for the first version alone.
    assert wait_until(lambda: available(grpc_api, own_model) == versions)
    assert set(grpc_api.states(own_model.name)) == versions
    assert answering_version(grpc_api, own_model) == max(versions)
    for version in versions:
        assert answering_version(grpc_api, own_model, version) == version
    for version in {1, 2, 3} - versions:
        request = predict_request(own_model.name, {"x": [0.0]}, version=version)
        code, _ = grpc_api.error(grpc_api.prediction.Predict, request)
        assert code == grpc.StatusCode.NOT_FOUND


def test_the_policy_can_be_changed(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    for version in (1, 2):
        own_model.add(version)
    for policy, states in {
        "latest {}": {2: "AVAILABLE"},
        "all {}": {2: "AVAILABLE", 1: "AVAILABLE"},
        "specific { versions: 1 }": {2: "END", 1: "AVAILABLE"},
        "latest { num_versions: 1 }": {2: "AVAILABLE", 1: "END"},
    }.items():
        reload(own_model.config(policy))
        assert wait_until(lambda states=states: grpc_api.states(own_model.name) == states), policy


def test_a_new_version_takes_over_without_a_failed_request(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    reload(own_model.config())
    own_model.add(2)
    answers: list[float] = []

    def taken_over() -> bool:
        answers.append(answering_version(grpc_api, own_model))
        return grpc_api.states(own_model.name) == {2: "AVAILABLE", 1: "END"}

    assert wait_until(taken_over)
    answers.append(answering_version(grpc_api, own_model))
    assert answers == sorted(answers)
    assert set(answers) <= {1.0, 2.0}
    assert answers[-1] == 2.0
    # The newest version is first; those that ended stay in the list.
    assert list(grpc_api.states(own_model.name)) == [2, 1]
    request = predict_request(own_model.name, {"x": [0.0]}, version=1)
    found = grpc_api.error(grpc_api.prediction.Predict, request)
    message = f"Servable not found for request: Specific({own_model.name}, 1)"
    assert found == (grpc.StatusCode.NOT_FOUND, message)


def test_requests_on_the_old_version_are_answered_first(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1, "slow/1")
    reload(own_model.config())
    steps = tf.make_tensor_proto(np.array([400_000]))
    request = predict_request(own_model.name, {"steps": steps})
    running = grpc_api.prediction.Predict.future(request, timeout=60.0)
    own_model.add(2)
    assert wait_until(lambda: available(grpc_api, own_model) >= {2})
    response = running.result()
    assert response.model_spec.version.value == 1
    assert tf.make_ndarray(response.outputs["done"]).tolist() == [400_000]
    assert wait_until(lambda: grpc_api.states(own_model.name) == {2: "AVAILABLE", 1: "END"})


def test_a_version_that_is_taken_away_is_rolled_back(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    own_model.add(2)
    reload(own_model.config())
    assert answering_version(grpc_api, own_model) == 2
    own_model.remove(2)
    assert wait_until(lambda: grpc_api.states(own_model.name) == {2: "END", 1: "AVAILABLE"})
    assert answering_version(grpc_api, own_model) == 1


def test_a_model_without_versions_is_not_found_until_one_comes(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    reload(own_model.config())
    own_model.remove(1)
    assert wait_until(lambda: grpc_api.states(own_model.name) == {1: "END"})
    request = predict_request(own_model.name, {"x": [0.0]})
    found = grpc_api.error(grpc_api.prediction.Predict, request)
    message = f"Servable not found for request: Latest({own_model.name})"
    assert found == (grpc.StatusCode.NOT_FOUND, message)
    own_model.add(3)
    assert wait_until(lambda: available(grpc_api, own_model) == {3})
    assert answering_version(grpc_api, own_model) == 3


def test_a_corrupt_version_leaves_the_old_one_serving(
    grpc_api: GrpcApi, rest_api: RestApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    reload(own_model.config())
    own_model.add(2, "corrupt/1")
    assert wait_until(lambda: grpc_api.states(own_model.name) == {2: "END", 1: "AVAILABLE"})
    assert answering_version(grpc_api, own_model) == 1
    # Which code reading a corrupt graph gives is the file system's business.
    status = grpc_api.versions(own_model.name)[2].status
    assert status.error_code != 0
    assert status.error_message
    newest, old = rest_api.get(f"/v1/models/{own_model.name}").json["model_version_status"]
    assert (newest["version"], newest["state"]) == ("2", "END")
    assert newest["status"]["error_code"] != "OK"
    assert newest["status"]["error_message"] == status.error_message
    assert old["status"] == {"error_code": "OK", "error_message": ""}

    own_model.add(3)
    assert wait_until(lambda: available(grpc_api, own_model) == {3})
    assert answering_version(grpc_api, own_model) == 3


def test_a_model_that_cannot_load_fails_its_reload(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1, "corrupt/1")
    request = reload.request([own_model.config()])
    code, message = grpc_api.error(grpc_api.models.HandleReloadConfigRequest, request)
    assert code == grpc.StatusCode.UNKNOWN
    assert "did not become available" in message
    assert own_model.name in message
    assert grpc_api.states(own_model.name) == {1: "END"}
    assert grpc_api.versions(own_model.name)[1].status.error_code != 0
    # The others go on.
    assert grpc_api.predict("half_plus_two", {"x": [1.0]})["y"].tolist() == [2.5]


def test_a_model_that_is_not_in_the_configuration_any_more_ends(
    grpc_api: GrpcApi, rest_api: RestApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    reload(own_model.config())
    reload()
    assert wait_until(lambda: grpc_api.states(own_model.name) == {1: "END"})
    reply = rest_api.predict(own_model.name, {"instances": [1.0]})
    message = f"Servable not found for request: Latest({own_model.name})"
    assert (reply.status, reply.error) == (404, message)
    assert grpc_api.states("versions") == {2: "AVAILABLE", 1: "AVAILABLE"}

    reload(own_model.config())
    assert answering_version(grpc_api, own_model) == 1


def test_only_directories_with_a_number_are_versions(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    for name in ("latest", "2a", ".2", "v2", "2.0"):
        (own_model.directory / name).mkdir()
    reload(own_model.config("all {}"))
    assert grpc_api.states(own_model.name) == {1: "AVAILABLE"}


def test_the_directory_can_change(
    grpc_api: GrpcApi, reload: Reloader, own_models: list[OwnModel]
) -> None:
    first, second = own_models
    first.add(1)
    second.add(2)
    config = first.config()
    reload(config)
    config.base_path = str(second.directory)
    reload(config)
    assert wait_until(lambda: grpc_api.states(first.name) == {2: "AVAILABLE", 1: "END"})
    assert answering_version(grpc_api, first) == 2
