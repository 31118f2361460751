"""Predict requests from JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from serving.rest.base64_object import is_base64_object
from serving.rest.json_document import parse_document, quote_value
from serving.rest.signature_name import signature_name
from serving.rest.tensor_from_json import tensor_from_json
from serving.rest.tensors_from_instances import tensors_from_instances
from serving.saved_model.session import Array
from serving.status import StatusError, invalid_argument


class RequestFormat(Enum):
    """How a request lists its values, and so how the response does."""

    ROW = "instances"
    COLUMNAR = "inputs"


@dataclass(frozen=True)
class PredictInputs:
    """What a predict request asks for.

    Args:
        signature_name: "" if the request names none.
        inputs: input alias -> value.
        format: how the response is to be written.
    """

    signature_name: str
    inputs: dict[str, Array]
    format: RequestFormat


def parse_predict(
    body: bytes, inputs_of: Callable[[str], Mapping[str, TensorInfo]]
) -> PredictInputs:
    """The inputs of a predict request.

    Args:
        body: the request's JSON.
        inputs_of: signature name, "" for the default one -> what each input alias of it is.

    Raises:
        StatusError: the body is not such a request, or does not fit the signature; or
            `inputs_of` raises it.

    Example:
        >>> parse_predict(b'{"instances": [1.0, 2.0]}', inputs_of).inputs
        {'x': array([1., 2.], dtype=float32)}

    Source:
        FillPredictRequestFromJson of TensorFlow Serving's util/json_tensor.cc.
    """
    document = parse_document(body)
    name = signature_name(document)
    inputs = inputs_of(name)
    data_types = {alias: inputs[alias].dtype for alias in sorted(inputs)}
    if not data_types:
        raise invalid_argument(f"Failed to get input map for signature: {name or 'DEFAULT'}")
    if "instances" in document:
        instances = document["instances"]
        if "inputs" in document:
            raise _format_error(
                document,
                "Not formatted correctly expecting only one of 'inputs' or 'instances' keys "
                "to exist ",
            )
        if not isinstance(instances, list):
            raise _format_error(document, "Expecting 'instances' to be an list/array")
        if not instances:
            raise _format_error(document, "No values in 'instances' array")
        rows = tensors_from_instances(instances, data_types)
        return PredictInputs(name, rows, RequestFormat.ROW)
    if "inputs" in document:
        columns = _tensors_from_inputs(document["inputs"], data_types)
        return PredictInputs(name, columns, RequestFormat.COLUMNAR)
    raise invalid_argument("Missing 'inputs' or 'instances' key")


def _tensors_from_inputs(value: Any, data_types: Mapping[str, int]) -> dict[str, Array]:
    if not isinstance(value, dict) or is_base64_object(value):
        if len(data_types) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors "
                "required as per tensorinfo_map"
            )
        return {name: tensor_from_json(value, data_types[name]) for name in data_types}
    tensors = {}
    for name, data_type in data_types.items():
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
        tensors[name] = tensor_from_json(value[name], data_type)
    return tensors


def _format_error(document: dict[str, Any], problem: str) -> StatusError:
    return invalid_argument(f"JSON Value: {quote_value(document)} {problem}")
