"""Messages of every size, deadlines, other services.

Sources: model_servers/server.cc (SetMaxMessageSize, the services that are registered),
prediction_service_impl.cc (deadlines become timeouts of the run).
"""

from concurrent.futures import ThreadPoolExecutor

import grpc
import numpy as np
import pytest
import tensorflow as tf
from contract_grpc import GrpcApi, predict_request
from contract_server import ContractServer
from grpc_health.v1.health_pb2 import HealthCheckRequest, HealthCheckResponse
from grpc_health.v1.health_pb2_grpc import HealthStub

# More than gRPC's own limit of 4 MiB, there and back.
LARGE = 2_000_000


def test_large_messages_pass_both_ways(grpc_api: GrpcApi) -> None:
    array = np.arange(LARGE, dtype=np.float32)
    request = predict_request("echo", {"x": tf.make_tensor_proto(array)}, signature="float")
    assert request.ByteSize() > 4 * 2**20
    response = grpc_api.call(grpc_api.prediction.Predict, request)
    assert response.ByteSize() > 4 * 2**20
    np.testing.assert_array_equal(tf.make_ndarray(response.outputs["y"]), array)


def test_a_client_s_own_limit_holds(server: ContractServer, grpc_api: GrpcApi) -> None:
    array = np.zeros(LARGE, np.float32)
    request = predict_request("echo", {"x": tf.make_tensor_proto(array)}, signature="float")
    with grpc.insecure_channel(server.grpc) as channel:
        predict = channel.unary_unary(
            "/tensorflow.serving.PredictionService/Predict",
            request_serializer=type(request).SerializeToString,
        )
        code, _ = grpc_api.error(predict, request)
    assert code == grpc.StatusCode.RESOURCE_EXHAUSTED


def test_requests_are_answered_at_the_same_time(grpc_api: GrpcApi) -> None:
    def answer(value: int) -> list[float]:
        return grpc_api.predict("half_plus_two", {"x": [float(value)]})["y"].tolist()

    with ThreadPoolExecutor(16) as threads:
        answers = list(threads.map(answer, range(200)))
    assert answers == [[0.5 * value + 2.0] for value in range(200)]


def test_a_deadline_ends_the_call_and_not_the_server(grpc_api: GrpcApi) -> None:
    steps = {"steps": tf.make_tensor_proto(np.array([1_000_000]))}
    request = predict_request("slow", steps)
    code, _ = grpc_api.error(grpc_api.prediction.Predict, request, timeout=0.3)
    assert code == grpc.StatusCode.DEADLINE_EXCEEDED
    assert grpc_api.predict("half_plus_two", {"x": [1.0]})["y"].tolist() == [2.5]
    few = {"steps": tf.make_tensor_proto(np.array([10]))}
    assert grpc_api.predict("slow", few)["done"].tolist() == [10]


def test_a_deadline_that_suffices(grpc_api: GrpcApi) -> None:
    steps = {"steps": tf.make_tensor_proto(np.array([1000, 7]))}
    request = predict_request("slow", steps)
    response = grpc_api.call(grpc_api.prediction.Predict, request, timeout=30.0)
    assert tf.make_ndarray(response.outputs["done"]).tolist() == [1000, 1000]


def test_services_that_there_are_not(grpc_api: GrpcApi) -> None:
    call = grpc_api.channel.unary_unary("/tensorflow.serving.SessionService/SessionRun")
    code, _ = grpc_api.error(call, b"")
    assert code == grpc.StatusCode.UNIMPLEMENTED


def test_health(grpc_api: GrpcApi, embedded: bool) -> None:
    check = HealthStub(grpc_api.channel).Check
    try:
        response = check(HealthCheckRequest(), timeout=30.0)
    except grpc.RpcError as error:
        if embedded or error.code() != grpc.StatusCode.UNIMPLEMENTED:
            raise
        pytest.skip("this server has no health service")
    assert response.status == HealthCheckResponse.SERVING
