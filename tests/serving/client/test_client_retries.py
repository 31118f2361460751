"""What the clients ask again, against servers that answer as written."""

from collections.abc import Iterator
from contextlib import ExitStack

import numpy as np
import pytest
from scripted_server import ScriptedModel, grpc_port, rest_port

from serving.client import GrpcClient, ModelClient, RestClient, ServingError
from serving.client.retry_policy import ATTEMPTS
from serving.status import Code


@pytest.fixture
def model() -> ScriptedModel:
    return ScriptedModel()


@pytest.fixture(params=["rest", "grpc"])
def client(request: pytest.FixtureRequest, model: ScriptedModel) -> Iterator[ModelClient]:
    with ExitStack() as stack:
        if request.param == "rest":
            port = stack.enter_context(rest_port(model))
            yield stack.enter_context(RestClient(f"http://127.0.0.1:{port}", "model"))
        else:
            port = stack.enter_context(grpc_port(model))
            yield stack.enter_context(GrpcClient(f"127.0.0.1:{port}", "model"))


def test_unavailable_twice_and_then_right(client: ModelClient, model: ScriptedModel) -> None:
    model.failures = [Code.UNAVAILABLE] * 2
    assert client.predict({"x": [1.0, 2.0]})["y"].tolist() == [2.0, 3.0]
    assert model.calls == ["metadata", "predict", "predict", "predict"]


def test_large_requests_are_repeated_too(client: ModelClient, model: ScriptedModel) -> None:
    model.failures = [Code.UNAVAILABLE]
    x = np.zeros(1_200_000, np.float32)
    assert client.predict({"x": x})["y"].shape == x.shape


def test_a_connection_that_breaks(model: ScriptedModel) -> None:
    model.broken = 2
    with rest_port(model) as port, RestClient(f"http://127.0.0.1:{port}", "model") as client:
        assert client.predict({"x": [1.0]})["y"].tolist() == [2.0]
        model.broken = 100
        with pytest.raises(ServingError, match="No HTTP answer") as refused:
            client.predict({"x": [1.0]})
    assert refused.value.code is Code.UNAVAILABLE
    assert model.broken == 100 - ATTEMPTS


def test_a_server_that_stays_unavailable(client: ModelClient, model: ScriptedModel) -> None:
    model.failures = [Code.UNAVAILABLE] * 100
    with pytest.raises(ServingError, match="it's UNAVAILABLE — 'as written'") as refused:
        client.predict({"x": [1.0]})
    assert refused.value.code is Code.UNAVAILABLE
    assert refused.value.message == "it's UNAVAILABLE — 'as written'"
    assert refused.value.address == client.address
    assert model.calls.count("predict") == ATTEMPTS


@pytest.mark.parametrize("code", [Code.INTERNAL, Code.RESOURCE_EXHAUSTED, Code.NOT_FOUND])
def test_no_other_code_is_asked_again(
    client: ModelClient, model: ScriptedModel, code: Code
) -> None:
    model.failures = [code]
    with pytest.raises(ServingError, match="'as written'") as refused:
        client.predict({"x": [1.0]})
    assert refused.value.code is code
    assert model.calls == ["metadata", "predict"]


def test_the_timeout_ends_a_call_that_waits(client: ModelClient, model: ScriptedModel) -> None:
    client.metadata()
    model.released.clear()
    with pytest.raises(ServingError) as late:
        client.predict({"x": [1.0]}, timeout=0.2)
    assert late.value.code is Code.DEADLINE_EXCEEDED
    assert model.calls.count("predict") <= 1


def test_the_timeout_ends_repetitions(client: ModelClient, model: ScriptedModel) -> None:
    client.metadata()
    model.failures = [Code.UNAVAILABLE] * 100
    with pytest.raises(ServingError) as ended:
        client.predict({"x": [1.0]}, timeout=0.15)
    assert ended.value.code in (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED)
    assert model.calls.count("predict") < ATTEMPTS


def test_no_time_at_all(client: ModelClient, model: ScriptedModel) -> None:
    with pytest.raises(ServingError) as late:
        client.predict({"x": [1.0]}, timeout=0.0)
    assert late.value.code is Code.DEADLINE_EXCEEDED
    assert model.calls == []


def test_metadata_is_asked_once_for_each_version_and_label(
    client: ModelClient, model: ScriptedModel
) -> None:
    for _ in range(2):
        client.predict({"x": [1.0]})
        client.predict({"x": [1.0]}, version=1)
        client.predict({"x": [1.0]}, label="stable")
    assert model.calls.count("metadata") == 3
    assert model.calls.count("predict") == 6


def test_a_new_version_with_another_input(client: ModelClient, model: ScriptedModel) -> None:
    client.predict({"x": [1.0]})
    model.input_name, model.output_name = "z", "w"
    assert client.predict({"z": [1.0]})["w"].tolist() == [2.0]  # unknown here: asks what is new
    model.input_name = "x"
    assert client.predict([1.0])["w"].tolist() == [2.0]  # refused there: asks what is new
    assert model.calls.count("metadata") == 3


def test_a_request_that_stays_wrong_is_refused(client: ModelClient, model: ScriptedModel) -> None:
    client.predict({"x": [1.0]})
    model.failures = [Code.INVALID_ARGUMENT]
    with pytest.raises(ServingError, match="it's INVALID_ARGUMENT"):
        client.predict({"x": [1.0]})
    assert model.calls == ["metadata", "predict", "predict", "metadata"]


def test_waiting_for_a_model_that_never_loads(client: ModelClient, model: ScriptedModel) -> None:
    model.state = "LOADING"
    client.status()  # connects
    with pytest.raises(ServingError, match="version 1 is LOADING") as late:
        client.wait_until_available(0.5)
    assert late.value.code is Code.DEADLINE_EXCEEDED
    assert "status" in model.calls
    model.state = "AVAILABLE"
    assert [status.state for status in client.wait_until_available(30.0)] == ["AVAILABLE"]
