"""GetModelMetadata, GetModelStatus and what HandleReloadConfigRequest refuses.

Sources: servables/tensorflow/get_model_metadata_impl.cc, model_servers/get_model_status_impl.cc,
model_service_impl.cc, server_core.cc and its test.
"""

from pathlib import Path
from typing import Any

import pytest
from contract_grpc import GrpcApi
from contract_lifecycle import OwnModel, Reloader
from grpc import StatusCode
from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest


def metadata_request(model: str, *fields: str, version: int | None = None) -> Any:
    request = GetModelMetadataRequest(metadata_field=fields)
    request.model_spec.name = model
    if version is not None:
        request.model_spec.version.value = version
    return request


def test_metadata_is_the_model_s_signatures(grpc_api: GrpcApi, models: Path) -> None:
    request = metadata_request("half_plus_two", "signature_def")
    response = grpc_api.call(grpc_api.prediction.GetModelMetadata, request)
    assert response.model_spec.name == "half_plus_two"
    assert response.model_spec.version.value == 123
    assert set(response.metadata) == {"signature_def"}
    found = SignatureDefMap()
    assert response.metadata["signature_def"].Unpack(found)
    file = models / "half_plus_two" / "00000123" / "saved_model.pb"
    expected = SavedModel.FromString(file.read_bytes()).meta_graphs[0].signature_def
    assert dict(found.signature_def) == dict(expected)


@pytest.mark.parametrize("version", [1, 2])
def test_metadata_of_a_version(grpc_api: GrpcApi, version: int) -> None:
    request = metadata_request("versions", "signature_def", version=version)
    response = grpc_api.call(grpc_api.prediction.GetModelMetadata, request)
    assert response.model_spec.version.value == version


@pytest.mark.parametrize(
    ("request_", "code", "message"),
    [
        (GetModelMetadataRequest(), StatusCode.INVALID_ARGUMENT, "Missing ModelSpec"),
        (
            metadata_request("half_plus_two"),
            StatusCode.INVALID_ARGUMENT,
            "GetModelMetadataRequest must specify at least one metadata_field",
        ),
        # The field's name follows or fills a "%s", depending on the version.
        (
            metadata_request("half_plus_two", "assets"),
            StatusCode.INVALID_ARGUMENT,
            "is not supported",
        ),
        (
            metadata_request("absent", "signature_def"),
            StatusCode.NOT_FOUND,
            "Servable not found for request: Latest(absent)",
        ),
        (
            metadata_request("versions", "signature_def", version=3),
            StatusCode.NOT_FOUND,
            "Servable not found for request: Specific(versions, 3)",
        ),
    ],
    ids=["no spec", "no field", "unknown field", "unknown model", "unknown version"],
)
def test_metadata_that_there_is_not(
    grpc_api: GrpcApi, request_: Any, code: StatusCode, message: str
) -> None:
    found, text = grpc_api.error(grpc_api.prediction.GetModelMetadata, request_)
    assert found == code
    assert message in text


def test_status_of_every_version(grpc_api: GrpcApi) -> None:
    # The newest version is first.
    assert list(grpc_api.states("versions").items()) == [(2, "AVAILABLE"), (1, "AVAILABLE")]
    for status in grpc_api.versions("versions").values():
        assert (status.status.error_code, status.status.error_message) == (0, "")


def test_status_of_one_version(grpc_api: GrpcApi) -> None:
    request = GetModelStatusRequest()
    request.model_spec.name = "versions"
    request.model_spec.version.value = 1
    response = grpc_api.call(grpc_api.models.GetModelStatus, request)
    assert [status.version for status in response.model_version_status] == [1]


@pytest.mark.parametrize(
    ("model", "version", "code", "message"),
    [
        (None, None, StatusCode.INVALID_ARGUMENT, "Missing ModelSpec"),
        ("absent", None, StatusCode.NOT_FOUND, "Could not find any versions of model absent"),
        ("versions", 7, StatusCode.NOT_FOUND, "Could not find version 7 of model versions"),
    ],
)
def test_status_that_there_is_not(
    grpc_api: GrpcApi, model: str | None, version: int | None, code: StatusCode, message: str
) -> None:
    request = GetModelStatusRequest()
    if model is not None:
        request.model_spec.name = model
    if version is not None:
        request.model_spec.version.value = version
    assert grpc_api.error(grpc_api.models.GetModelStatus, request) == (code, message)


def test_a_reload_must_list_models(grpc_api: GrpcApi) -> None:
    code, message = grpc_api.error(grpc_api.models.HandleReloadConfigRequest, ReloadConfigRequest())
    assert code == StatusCode.INVALID_ARGUMENT
    assert message.startswith("ServerModelConfig type not supported by HandleReloadConfigRequest.")


def test_a_model_is_listed_once(grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel) -> None:
    own_model.add(1)
    request = reload.request([own_model.config(), own_model.config()])
    found = grpc_api.error(grpc_api.models.HandleReloadConfigRequest, request)
    message = f"Illegal to list model {own_model.name} multiple times in config list"
    assert found == (StatusCode.INVALID_ARGUMENT, message)


def test_a_base_path_is_absolute(grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel) -> None:
    config = own_model.config()
    config.base_path = "models/own"
    found = grpc_api.error(grpc_api.models.HandleReloadConfigRequest, reload.request([config]))
    message = (
        f"Expected model {own_model.name} to have an absolute path or URI; "
        "got base_path()=models/own"
    )
    assert found == (StatusCode.INVALID_ARGUMENT, message)


def test_a_platform_is_known(grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel) -> None:
    config = own_model.config()
    config.model_platform = "caffe"
    found = grpc_api.error(grpc_api.models.HandleReloadConfigRequest, reload.request([config]))
    message = f"Model {own_model.name} requests unsupported platform caffe"
    assert found == (StatusCode.INVALID_ARGUMENT, message)


def test_the_deprecated_model_type_is_a_platform(
    grpc_api: GrpcApi, reload: Reloader, own_model: OwnModel
) -> None:
    own_model.add(1)
    config = own_model.config()
    config.model_platform = ""
    config.model_type = 1  # TENSORFLOW
    reload(config)
    assert grpc_api.states(own_model.name) == {1: "AVAILABLE"}
