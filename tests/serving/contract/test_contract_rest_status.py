"""Status and metadata of models over REST.

Sources: g3doc/api_rest.md, model_servers/http_rest_api_handler.cc, http_rest_api_util.cc
(ToJsonString), get_model_status_impl.cc.
"""

from typing import Any

import pytest
from contract_rest import RestApi


def available(version: int) -> dict[str, Any]:
    status = {"error_code": "OK", "error_message": ""}
    return {"version": str(version), "state": "AVAILABLE", "status": status}


@pytest.mark.parametrize(
    ("path", "versions"),
    [
        ("/v1/models/half_plus_two", [123]),
        ("/v1/models/half%20plus%20two", [123]),
        ("/V1/MODELS/half_plus_two", [123]),
        # The newest version is first.
        ("/v1/models/versions", [2, 1]),
        ("/v1/models/versions/versions/1", [1]),
        ("/v1/models/versions/VERSIONS/2", [2]),
        # The path is matched in any case, `metadata` is then compared as it is.
        ("/v1/models/half_plus_two/METADATA", [123]),
    ],
)
def test_status(rest_api: RestApi, path: str, versions: list[int]) -> None:
    reply = rest_api.get(path)
    assert reply.status == 200
    assert reply.json == {"model_version_status": [available(version) for version in versions]}
    assert reply.headers["Content-Type"] == "application/json"


def test_status_by_label_has_the_version_of_the_label(rest_api: RestApi) -> None:
    # get_model_status_impl.cc, as far as its public versions go, reads the label's model alone
    # and answers every version.
    reply = rest_api.get("/v1/models/versions/labels/stable")
    assert reply.status == 200
    assert available(1) in reply.json["model_version_status"]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/v1/models/absent", "Could not find any versions of model absent"),
        ("/v1/models/absent/versions/7", "Could not find version 7 of model absent"),
        ("/v1/models/versions/versions/7", "Could not find version 7 of model versions"),
        ("/v1/models/absent/metadata", "Servable not found for request: Latest(absent)"),
        (
            "/v1/models/versions/versions/7/metadata",
            "Servable not found for request: Specific(versions, 7)",
        ),
    ],
)
def test_what_is_not_served_is_404(rest_api: RestApi, path: str, message: str) -> None:
    reply = rest_api.get(path)
    assert (reply.status, reply.error) == (404, message)


def test_a_model_must_be_named(rest_api: RestApi) -> None:
    reply = rest_api.get("/v1/models")
    assert (reply.status, reply.error) == (400, "Missing model name in request.")


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/v1/models/versions/metadata", "2"),
        ("/v1/models/versions/versions/1/metadata", "1"),
        ("/v1/models/versions/labels/stable/metadata", "1"),
    ],
)
def test_metadata_is_of_one_version(rest_api: RestApi, path: str, version: str) -> None:
    reply = rest_api.get(path)
    assert reply.status == 200
    assert reply.json["model_spec"] == {
        "name": "versions",
        "signature_name": "",
        "version": version,
    }
    assert reply.headers["Content-Type"] == "application/json"


def test_metadata_has_every_signature(rest_api: RestApi) -> None:
    metadata = rest_api.get("/v1/models/half_plus_two/metadata").json
    assert set(metadata) == {"model_spec", "metadata"}
    assert set(metadata["metadata"]) == {"signature_def"}
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    assert set(signatures) == {
        "serving_default",
        "regress_x_to_y",
        "regress_x_to_y2",
        "regress_x2_to_y3",
        "classify_x_to_y",
    }
    assert signatures["classify_x_to_y"]["method_name"] == "tensorflow/serving/classify"
    serving_default = signatures["serving_default"]
    assert serving_default["method_name"] == "tensorflow/serving/predict"
    # Names as the proto has them, every primitive field whatever its value, 64 bits as text.
    assert serving_default["inputs"] == {
        "x": {
            "dtype": "DT_FLOAT",
            "tensor_shape": {
                "dim": [{"size": "-1", "name": ""}, {"size": "1", "name": ""}],
                "unknown_rank": False,
            },
            "name": "x:0",
        }
    }
    assert set(serving_default["outputs"]) == {"y"}


def test_metadata_tells_an_unknown_rank(rest_api: RestApi) -> None:
    metadata = rest_api.get("/v1/models/echo/metadata").json
    signature = metadata["metadata"]["signature_def"]["signature_def"]["string"]
    assert signature["inputs"]["x"]["dtype"] == "DT_STRING"
    assert signature["inputs"]["x"]["tensor_shape"] == {"dim": [], "unknown_rank": True}
