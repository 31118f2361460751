"""Requests in assets.extra are replayed before a version is available.

Sources: g3doc/saved_model_warmup.md, servables/tensorflow/saved_model_warmup.cc,
saved_model_warmup_util.cc.
"""

import pytest
from contract_grpc import GrpcApi
from contract_lifecycle import OwnModel, Reloader
from contract_server import wait_until

FAILED_PRECONDITION, INVALID_ARGUMENT, DATA_LOSS = 9, 3, 15


def test_a_warmed_model_serves(grpc_api: GrpcApi) -> None:
    # Its records are a Predict, a Regress, a Classify and a MultiInference request.
    assert grpc_api.states("warm") == {1: "AVAILABLE"}
    assert grpc_api.predict("warm", {"x": [1.0]})["y"].tolist() == [2.5]


@pytest.mark.parametrize(
    ("template", "code", "message"),
    [
        ("warmup_wrong_signature", FAILED_PRECONDITION, 'signature key "absent" not found'),
        ("warmup_no_prediction_log", INVALID_ARGUMENT, "Failed to parse warmup record"),
        ("warmup_no_records", DATA_LOSS, "verify your warmup data is in TFRecord format"),
    ],
)
def test_a_version_that_cannot_be_warmed_does_not_load(
    grpc_api: GrpcApi,
    reload: Reloader,
    own_model: OwnModel,
    template: str,
    code: int,
    message: str,
) -> None:
    own_model.add(1)
    reload(own_model.config())
    own_model.add(2, f"templates/{template}")
    assert wait_until(lambda: grpc_api.states(own_model.name) == {2: "END", 1: "AVAILABLE"})
    status = grpc_api.versions(own_model.name)[2].status
    assert status.error_code == code
    assert message in status.error_message
