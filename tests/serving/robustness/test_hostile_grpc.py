"""gRPC messages that are no messages, or hold what no tensor and no name is."""

import random
import threading
from collections.abc import Iterator

import grpc
import pytest
from hostile_grpc import (
    METHOD,
    MISTAKES,
    call,
    good_request,
    is_good_response,
    predict_request,
    tensor,
)
from hostile_model import KINDS, NAME
from hostile_server import HostileServer
from raw_http import RawConnection
from tensorflow.core.framework import types_pb2
from tensorflow.core.framework.tensor_pb2 import TensorProto
from tensorflow_serving.apis.classification_pb2 import ClassificationRequest
from tensorflow_serving.apis.get_model_metadata_pb2 import GetModelMetadataRequest
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.inference_pb2 import MultiInferenceRequest
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.regression_pb2 import RegressionRequest

NO_MESSAGES = {
    "ones": b"\xff" * 100,
    "every byte": bytes(range(256)),
    "groups without end": b"\x0b" * 100_000,
    "a length beyond the end": b"\x0a\xff\xff\xff\xff\x07",
    "a field number of 0": b"\x00\x01",
    "random bytes": random.Random(0).randbytes(10_000),
}
LARGEST = 2**63 - 1
SHAPES = {
    "negative": [-1],
    "the lowest": [-(2**63)],
    "the largest": [LARGEST],
    "a terabyte": [2**40],
    "a product beyond 64 bits": [2**32, 2**32],
    "a product of 0 bits": [2**32, 2**32, 2**32],
    "the largest ones": [LARGEST] * 64,
    "65 dimensions": [1] * 65,
    "255 dimensions": [1] * 255,
    # Python multiplies such sizes to a number of a million digits.
    "100,000 large dimensions": [LARGEST] * 100_000,
}
# Nothing or little: no mistake, or a mistake, by the type and by NumPy's limits.
EMPTY_SHAPES = ([0], [2**60, 0], [0, LARGEST], [LARGEST, LARGEST, 0], [0] * 64, [1] * 64)
NAMES = ("", "\0", "..", "../../etc/passwd", "a" * 10_000, "é" * 10_000, "\U0001f600" * 10_000)
KIND_TYPES = {kind: dtype.as_datatype_enum for kind, dtype in KINDS.items()}


@pytest.mark.parametrize("method", METHOD)
@pytest.mark.parametrize("what", NO_MESSAGES)
def test_what_is_no_message_is_an_invalid_argument(
    server: HostileServer, method: str, what: str
) -> None:
    assert call(server.channel, method, NO_MESSAGES[what])[0] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("method", METHOD)
def test_an_empty_message_is_an_invalid_argument(server: HostileServer, method: str) -> None:
    status, _ = call(server.channel, method, b"")
    assert status == ("OK" if method == "Check" else "INVALID_ARGUMENT")


def test_damaged_messages(server: HostileServer) -> None:
    draw = random.Random(0)
    for _ in range(500):
        message = bytearray(good_request())
        for _ in range(draw.randrange(1, 4)):
            position = draw.randrange(len(message))
            message[position : position + draw.randrange(3)] = draw.randbytes(draw.randrange(3))
        status, _ = call(server.channel, "Predict", bytes(message))
        assert status in {"OK", *MISTAKES}, bytes(message)


@pytest.mark.parametrize(
    "method", ["/", "//", "/x", "/../../etc/passwd", "/" + "a" * 5000, METHOD["Predict"] + "/.."]
)
def test_an_unknown_method_is_unimplemented(server: HostileServer, method: str) -> None:
    assert call(server.channel, method, b"")[0] == "UNIMPLEMENTED"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_that_no_tensor_has_is_an_invalid_argument(
    server: HostileServer, shape: str, kind: str
) -> None:
    for values in ({}, {"tensor_content": b"abcd"}):
        proto = tensor(KIND_TYPES[kind], *SHAPES[shape], **values)
        status, message = _predict(server, kind, {"x": proto})
        assert (status, message) == ("INVALID_ARGUMENT", "tensor parsing error: x")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("sizes", EMPTY_SHAPES)
def test_a_shape_without_elements(server: HostileServer, sizes: list[int], kind: str) -> None:
    status, _ = _predict(server, kind, {"x": tensor(KIND_TYPES[kind], *sizes)})
    assert status in ("OK", "INVALID_ARGUMENT")


def test_a_shape_of_unknown_rank_is_an_invalid_argument(server: HostileServer) -> None:
    proto = tensor(types_pb2.DT_FLOAT, float_val=[1.0])
    proto.tensor_shape.unknown_rank = True
    assert _predict(server, "value", {"x": proto})[0] == "INVALID_ARGUMENT"


@pytest.mark.parametrize("rank", [31, 32, 33, 64])
def test_strings_have_32_dimensions_at_most(server: HostileServer, rank: int) -> None:
    proto = tensor(types_pb2.DT_STRING, *[1] * rank, string_val=[b"a"])
    status, _ = _predict(server, "text", {"x": proto})
    assert status == ("OK" if rank <= 32 else "INVALID_ARGUMENT")


@pytest.mark.parametrize("kind", KINDS)
def test_another_type_is_an_invalid_argument(server: HostileServer, kind: str) -> None:
    for dtype in (*range(40), 101, 107, -1, 2**31 - 1):
        if dtype != KIND_TYPES[kind]:
            proto = tensor(dtype, 1)
            assert _predict(server, kind, {"x": proto})[0] == "INVALID_ARGUMENT", dtype


@pytest.mark.parametrize(
    "content", [b"", b"\x80", b"\xff" * 100, b"\x05a", b"\x01\x02a", b"\x01\x01abc"]
)
def test_strings_of_garbage_are_an_invalid_argument(server: HostileServer, content: bytes) -> None:
    proto = tensor(types_pb2.DT_STRING, 2, tensor_content=content)
    status, _ = _predict(server, "text", {"x": proto})
    assert status == ("INVALID_ARGUMENT" if content else "OK")


@pytest.mark.parametrize("example", [b"\xff\xfe", b"no example", b"\x0a\x80", "é".encode()])
def test_an_error_may_quote_any_bytes(server: HostileServer, example: bytes) -> None:
    proto = tensor(types_pb2.DT_STRING, 1, string_val=[example])
    status, message = _predict(server, "regress", {"inputs": proto})
    assert status == "INVALID_ARGUMENT"
    assert "Could not parse example input" in str(message)


def test_inputs_that_do_not_go_together(server: HostileServer) -> None:
    good = PredictRequest.FromString(good_request()).inputs
    others = [tensor(dtype, *sizes) for dtype in range(1, 10) for sizes in ([], [0], [3], [2, 3])]
    for kind in KINDS:
        for other in others:
            status, _ = _predict(server, "serving_default", {**good, kind: other})
            assert status in {"OK", *MISTAKES}, (kind, other)


def test_thousands_of_inputs_and_outputs(server: HostileServer) -> None:
    one = tensor(types_pb2.DT_FLOAT, 1)
    inputs = {str(number) * 10: one for number in range(5000)}
    assert _predict(server, "value", inputs)[0] == "INVALID_ARGUMENT"
    request = predict_request("value", {"x": one})
    request.output_filter.extend(["y"] * 10_000)
    status, _ = call(server.channel, "Predict", request.SerializeToString())
    assert status == "INVALID_ARGUMENT"


@pytest.mark.parametrize("name", NAMES, ids=lambda name: ascii(name[:5]))
def test_a_hostile_name_is_a_mistake(server: HostileServer, name: str) -> None:
    for place, request in _requests_with(name).items():
        status, message = call(server.channel, place.split()[0], request)
        assert status in MISTAKES - {"RESOURCE_EXHAUSTED"}, (place, message)
        assert message, place


def test_many_tasks(server: HostileServer) -> None:
    request = MultiInferenceRequest()
    for number in range(1000):
        task = request.tasks.add(method_name="tensorflow/serving/regress")
        task.model_spec.name = NAME
        task.model_spec.signature_name = f"regress{number}" if number else "regress"
    status, _ = call(server.channel, "MultiInference", request.SerializeToString())
    assert status == "INVALID_ARGUMENT"


def test_a_context_is_not_repeated_without_bound(server: HostileServer) -> None:
    request = RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = NAME, "regress"
    together = request.input.example_list_with_context
    together.context.features.feature["a"].bytes_list.value.append(b"a" * 2**20)
    for _ in range(10_000):
        together.examples.add()
    status, _ = call(server.channel, "Regress", request.SerializeToString())
    assert status == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "proto",
    [
        tensor(types_pb2.DT_FLOAT, 2**25, float_val=[1.0]),
        tensor(types_pb2.DT_FLOAT, 2**18 + 2, float_val=[1.0]),
        tensor(types_pb2.DT_FLOAT, 2**32),
        tensor(types_pb2.DT_FLOAT, 2**32, 0),
        tensor(types_pb2.DT_FLOAT, 0, 2**32),
    ],
    ids=["128 MiB", "just over", "a shape alone", "rows without columns", "columns without rows"],
)
def test_a_value_is_not_repeated_without_bound(server: HostileServer, proto: TensorProto) -> None:
    status, message = _predict(server, "value", {"x": proto})
    assert status == "RESOURCE_EXHAUSTED"
    assert "--max_repeated_bytes_per_request" in str(message)


def test_a_value_is_repeated_within_the_bound(server: HostileServer) -> None:
    proto = tensor(types_pb2.DT_FLOAT, 512, 512, float_val=[1.0])
    assert _predict(server, "value", {"x": proto})[0] == "OK"


@pytest.mark.parametrize("authority", ["evil.example", "localhost", "127.0.0.1:8500"])
def test_a_configuration_is_taken_under_names_of_this_machine(
    server: HostileServer, authority: str
) -> None:
    options = [("grpc.default_authority", authority)]
    with grpc.insecure_channel(f"127.0.0.1:{server.grpc}", options) as channel:
        # Without a list of models it is refused in any case, for its host or for that.
        found, message = call(channel, "HandleReloadConfigRequest", b"")
        if authority == "evil.example":
            assert found == "PERMISSION_DENIED"
            assert "--allowed_hosts" in str(message)
        else:
            assert found == "INVALID_ARGUMENT"
        assert call(channel, "Predict", good_request())[0] == "OK"


def test_headers_beyond_the_limit(server: HostileServer) -> None:
    predict = server.channel.unary_unary(METHOD["Predict"])
    with pytest.raises(grpc.RpcError) as raised:
        predict(good_request(), timeout=60, metadata=[(f"k{n}", "v" * 100) for n in range(1000)])
    assert raised.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


def test_a_call_without_a_message_is_unimplemented(server: HostileServer) -> None:
    predict = server.channel.stream_unary(METHOD["Predict"])
    with pytest.raises(grpc.RpcError) as raised:
        predict(iter([]), timeout=60)
    assert raised.value.code() is grpc.StatusCode.UNIMPLEMENTED


def test_more_messages_than_one_are_ignored(server: HostileServer) -> None:
    predict = server.channel.stream_unary(METHOD["Predict"])
    assert is_good_response(predict(iter([good_request()] * 100), timeout=60))


def test_calls_whose_message_never_comes_hold_up_nobody(server: HostileServer) -> None:
    told = threading.Event()

    def no_message() -> Iterator[bytes]:
        told.wait(60)
        yield from ()

    predict = server.channel.stream_unary(METHOD["Predict"])
    stalled = [predict.future(no_message(), timeout=60) for _ in range(50)]
    try:
        for _ in range(50):
            status, response = call(server.channel, "Predict", good_request())
            assert status == "OK", response
    finally:
        told.set()
    assert {each.exception().code() for each in stalled} == {grpc.StatusCode.UNIMPLEMENTED}


def test_watches_of_the_health_hold_up_nobody(server: HostileServer) -> None:
    watch = server.channel.unary_stream("/grpc.health.v1.Health/Watch")
    watches = [watch(b"", timeout=60) for _ in range(50)]
    assert {next(each) for each in watches} == {b"\x08\x01"}  # SERVING
    assert call(server.channel, "Predict", good_request())[0] == "OK"
    for each in watches:
        each.cancel()


def test_the_watch_of_an_unknown_service_ends(server: HostileServer) -> None:
    watch = server.channel.unary_stream("/grpc.health.v1.Health/Watch")
    assert list(watch(b"\x0a\x01a", timeout=60)) == [b"\x08\x03"]  # SERVICE_UNKNOWN


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        random.Random(0).randbytes(10_000),
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0" + random.Random(0).randbytes(1000),
    ],
    ids=["nothing", "HTTP/1.1", "random", "a preface", "random frames"],
)
def test_connections_that_speak_no_grpc(server: HostileServer, data: bytes) -> None:
    for end in (RawConnection.close_sending, RawConnection.reset, RawConnection.close):
        with RawConnection(server.grpc) as connection:
            connection.send(data)
            end(connection)


def _predict(
    server: HostileServer, signature: str, inputs: dict[str, TensorProto]
) -> tuple[str, str | bytes]:
    request = predict_request(signature, inputs)
    return call(server.channel, "Predict", request.SerializeToString())


def _requests_with(name: str) -> dict[str, bytes]:
    """A request for each place of a name, by its method and the place."""
    one = tensor(types_pb2.DT_FLOAT, 1)
    of_model, of_label, of_signature, of_output = (
        predict_request("value", {"x": one}) for _ in range(4)
    )
    of_model.model_spec.name = name
    of_label.model_spec.version_label = name
    of_signature.model_spec.signature_name = f"{name}?"
    of_output.output_filter.append(name)
    of_example = ClassificationRequest(model_spec=of_signature.model_spec)
    of_task = MultiInferenceRequest()
    task = of_task.tasks.add(model_spec=of_model.model_spec, method_name=name)
    task.model_spec.name = NAME
    requests = {
        "Predict model": of_model,
        "Predict label": of_label,
        "Predict signature": of_signature,
        "Predict output": of_output,
        "Predict input": predict_request("value", {name: one}),
        "Classify signature": of_example,
        "MultiInference method": of_task,
        "GetModelStatus model": GetModelStatusRequest(model_spec=of_model.model_spec),
        "GetModelStatus label": GetModelStatusRequest(model_spec=of_label.model_spec),
        "GetModelMetadata field": GetModelMetadataRequest(
            model_spec=predict_request("", {}).model_spec, metadata_field=[name]
        ),
    }
    return {place: request.SerializeToString() for place, request in requests.items()}
