"""A server with --enable_batching answers as one without, but for what cannot be batched.

Sources: batching/batching_session.cc and its test, batching_util.h,
servables/tensorflow/bundle_factory_util.h,
tensorflow/core/kernels/batching_util/shared_batch_scheduler.h.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from contract_grpc import GrpcApi, predict_request
from contract_rest import RestApi
from contract_server import ContractServer, wait_until
from grpc import StatusCode
from write_models import METRICS_PATH, model_config

SERVED = ("half_plus_two", "echo", "outputs", "matrix", "lookup")


@pytest.fixture(scope="module")
def batching_server(
    start_server: Callable[..., ContractServer],
    models: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[ContractServer]:
    """Batches of 2 or 4 rows, whose rows are padded to one length."""
    config = tmp_path_factory.mktemp("batching") / "models.config"
    config.write_text(model_config(models, *SERVED))
    server = start_server(
        f"--model_config_file={config}",
        "--enable_batching=true",
        f"--batching_parameters_file={models / 'batching.config'}",
        f"--monitoring_config_file={models / 'monitoring.config'}",
        serves=SERVED,
    )
    yield server
    server.stop()


@pytest.fixture(scope="module")
def batching_rest(batching_server: ContractServer) -> RestApi:
    return RestApi(batching_server.rest)


@pytest.fixture(scope="module")
def batching_grpc(batching_server: ContractServer) -> Iterator[GrpcApi]:
    api = GrpcApi(batching_server.grpc)
    yield api
    api.close()


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
def test_every_size_is_answered_with_its_rows(batching_grpc: GrpcApi, rows: int) -> None:
    values = np.arange(rows, dtype=np.float32)
    answer = batching_grpc.predict("half_plus_two", {"x": values})["y"]
    np.testing.assert_array_equal(answer, 0.5 * values + 2.0)


def test_rest_is_batched_too(batching_rest: RestApi) -> None:
    reply = batching_rest.predict("half_plus_two", {"instances": [1.0, 2.0, 5.0]})
    assert reply.json == {"predictions": [2.5, 3.0, 4.5]}


def test_requests_at_the_same_time_have_their_own_answers(batching_grpc: GrpcApi) -> None:
    def answer(number: int) -> Any:
        values = np.arange(number, number + 1 + number % 4, dtype=np.float32)
        answered = batching_grpc.predict("half_plus_two", {"x": values})["y"]
        return np.array_equal(answered, 0.5 * values + 2.0)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(answer, range(64)))


def test_several_inputs_and_outputs(batching_rest: RestApi) -> None:
    rows = [
        {"float": 1.5, "int64": -3, "string": "a", "bool": True},
        {"float": 2.0, "int64": 4, "string": "ä\u0000", "bool": False},
        {"float": 3.0, "int64": 5, "string": "", "bool": False},
    ]
    reply = batching_rest.predict("echo", {"signature_name": "together", "instances": rows})
    expected = [{f"{name}_out": value for name, value in row.items()} for row in rows]
    assert reply.json == {"predictions": expected}


@pytest.mark.parametrize("output_filter", [[], ["square"], ["square", "double"]], ids=str)
def test_outputs_may_be_chosen(batching_grpc: GrpcApi, output_filter: list[str]) -> None:
    answer = batching_grpc.predict("outputs", {"x": [3.0]}, output_filter=output_filter)
    expected = {"double": [6.0], "square": [9.0]}
    found = {name: value.tolist() for name, value in answer.items()}
    assert found == {name: expected[name] for name in output_filter or expected}


def test_classify_and_regress(batching_rest: RestApi) -> None:
    regress = {"signature_name": "regress_x_to_y", "examples": [{"x": 2.0}, {"x": 80.0}]}
    assert batching_rest.regress("half_plus_two", regress).json == {"results": [3.0, 42.0]}
    classify = {"signature_name": "classify", "examples": [{"word": "cherry"}]}
    assert batching_rest.classify("lookup", classify).json == {
        "results": [[["apple", 0.0], ["banana", 0.0], ["cherry", 1.0]]]
    }


def test_rows_of_one_batch_are_padded_with_their_first_value(batching_grpc: GrpcApi) -> None:
    short, long = [[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0, 7.0], [8.0, 9.0, 10.0]]

    def met() -> bool:
        """Both of two requests at the same time in one batch, which is theirs to decide."""
        with ThreadPoolExecutor(2) as threads:
            first, second = threads.map(
                lambda rows: batching_grpc.predict("matrix", {"x": rows})["y"], (short, long)
            )
        assert second.tolist() == [[4.5, 5.0, 5.5], [6.0, 6.5, 7.0]]
        if first.shape == (2, 2):
            assert first.tolist() == [[2.5, 3.0], [3.5, 4.0]]
            return False
        assert first.tolist() == [[2.5, 3.0, 2.5], [3.5, 4.0, 2.5]]
        return True

    assert wait_until(met)


def test_inputs_must_have_a_batch_dimension(batching_grpc: GrpcApi, batching_rest: RestApi) -> None:
    message = "Batching Run() input tensors must have at least one dimension"
    request = predict_request("half_plus_two", {"x": 3.0})
    found = batching_grpc.error(batching_grpc.prediction.Predict, request)
    assert found == (StatusCode.INVALID_ARGUMENT, message)
    reply = batching_rest.predict("half_plus_two", {"inputs": 3.0})
    assert (reply.status, reply.error) == (400, message)


def test_inputs_must_have_the_same_batch_dimension(batching_rest: RestApi) -> None:
    payload = {"signature_name": "sum", "inputs": {"a": [1.0, 2.0, 3.0], "b": [1.0, 2.0]}}
    reply = batching_rest.predict("outputs", payload)
    message = "Batching Run() input tensors must have equal 0th-dimension size"
    assert (reply.status, reply.error) == (400, message)


@pytest.mark.parametrize(
    ("signature", "message"),
    [
        ("scalar", "Batched output tensor has 0 dimensions"),
        ("unequal", "Batched output tensor's 0th dimension does not equal the sum of the 0th "),
    ],
)
def test_outputs_must_have_the_batch_dimension(
    batching_grpc: GrpcApi, signature: str, message: str
) -> None:
    request = predict_request("outputs", {"x": [1.0, 2.0]}, signature=signature)
    code, found = batching_grpc.error(batching_grpc.prediction.Predict, request)
    assert code == StatusCode.FAILED_PRECONDITION
    assert found.startswith(message)


def test_a_request_must_fit_a_batch(batching_grpc: GrpcApi) -> None:
    request = predict_request("half_plus_two", {"x": [1.0] * 5})
    found = batching_grpc.error(batching_grpc.prediction.Predict, request)
    message = "Task size 5 is larger than maximum input batch size 4"
    assert found == (StatusCode.INVALID_ARGUMENT, message)


def test_the_model_s_own_error_is_the_request_s(batching_grpc: GrpcApi) -> None:
    request = predict_request("half_plus_two", {"x": tf.make_tensor_proto([b"a"])})
    code, _ = batching_grpc.error(batching_grpc.prediction.Predict, request)
    assert code == StatusCode.INVALID_ARGUMENT
    assert batching_grpc.predict("half_plus_two", {"x": [1.0]})["y"].tolist() == [2.5]


def test_batches_are_measured(batching_grpc: GrpcApi, batching_rest: RestApi) -> None:
    # 3 rows are padded to 4.
    batching_grpc.predict("half_plus_two", {"x": [1.0, 2.0, 3.0]})
    lines = batching_rest.get(METRICS_PATH).body.decode().splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    prefix = ":tensorflow:serving:batching_session:"
    for name in ("queuing_latency", "input_batch_size", "processed_batch_size"):
        counts = [v for k, v in values.items() if k.startswith(f"{prefix}{name}_count{{")]
        assert counts, name
        assert all(float(count) >= 1 for count in counts), name
    assert float(values[f'{prefix}padding_size_sum{{execution_batch_size="4"}}']) >= 1


def test_large_requests_are_split(
    start_server: Callable[..., ContractServer], models: Path
) -> None:
    server = start_server(
        "--model_name=half_plus_two",
        f"--model_base_path={models / 'half_plus_two'}",
        "--enable_batching",
        f"--batching_parameters_file={models / 'splitting.config'}",
        serves=["half_plus_two"],
    )
    api = GrpcApi(server.grpc)
    # Batches hold 4 rows, requests 8.
    for rows in (1, 4, 5, 8):
        values = np.arange(rows, dtype=np.float32)
        answer = api.predict("half_plus_two", {"x": values})["y"]
        np.testing.assert_array_equal(answer, 0.5 * values + 2.0)
    request = predict_request("half_plus_two", {"x": [1.0] * 9})
    found = api.error(api.prediction.Predict, request)
    message = "Task size 9 is larger than maximum input batch size 8"
    assert found == (StatusCode.INVALID_ARGUMENT, message)
    api.close()
    server.stop()
