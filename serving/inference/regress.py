"""Regress: examples in, one value each out."""

from collections.abc import Mapping

from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.regression_pb2 import (
    RegressionRequest,
    RegressionResponse,
    RegressionResult,
)

from serving.inference.example_runs import ExampleRun, run_examples
from serving.inference.response_spec import fill_model_spec
from serving.inference.signatures import check_method_name, signature_of_examples
from serving.saved_model.data_types import data_type_of
from serving.saved_model.servable import REGRESS_METHOD, Servable
from serving.saved_model.session import Array
from serving.status import invalid_argument

_INPUTS, _OUTPUTS = "inputs", "outputs"


def regress(
    servable: Servable, request: RegressionRequest, deadline: float | None = None
) -> RegressionResponse:
    """Answer a Regress request.

    Args:
        servable: the version that the request asks for.
        request: a list of examples.
        deadline: seconds of `time.monotonic()`.

    Returns:
        One value for each example.

    Raises:
        StatusError: the signature cannot regress, or the graph failed.

    Source:
        TensorFlow Serving, servables/tensorflow/regressor.cc.
    """
    signature = signature_of_examples(servable, request.model_spec.signature_name)
    run = regression_run(servable, signature)
    count, results = run_examples(servable, "Regress", request.input, run, deadline)
    response = RegressionResponse()
    fill_model_spec(response.model_spec, request.model_spec, servable)
    response.result.CopyFrom(regression_result(signature, count, results))
    return response


def regression_run(servable: Servable, signature: SignatureDef) -> ExampleRun:
    """The input tensor and the output tensor that regressing with a signature takes.

    Raises:
        StatusError: the signature cannot regress.
    """
    check_method_name(servable, signature, REGRESS_METHOD, "regression")
    if len(signature.inputs) != 1:
        raise invalid_argument("Expected one input Tensor.")
    if len(signature.outputs) != 1:
        raise invalid_argument("Expected one output Tensor.")
    if _INPUTS not in signature.inputs:
        raise invalid_argument(f"No regression inputs found in SignatureDef: {signature}")
    if _OUTPUTS not in signature.outputs:
        raise invalid_argument(f"No regression outputs found in SignatureDef: {signature}")
    return ExampleRun((signature.inputs[_INPUTS].name,), (signature.outputs[_OUTPUTS].name,))


def regression_result(
    signature: SignatureDef, count: int, results: Mapping[str, Array]
) -> RegressionResult:
    """The result of `count` examples from the tensor that `regression_run` names.

    Raises:
        StatusError: the tensor is not one float for each example.
    """
    tensor = results[signature.outputs[_OUTPUTS].name]
    if tensor.ndim != 1 and not (tensor.ndim == 2 and tensor.shape[1] == 1):
        raise invalid_argument(
            "Expected output Tensor shape to be either [batch_size] or [batch_size, 1] but got "
            f"[{','.join(map(str, tensor.shape))}]"
        )
    if len(tensor) != count:
        raise invalid_argument(
            f"Input batch size did not match output batch size: {count} vs. {len(tensor)}"
        )
    if data_type_of(tensor.dtype) != types_pb2.DT_FLOAT:
        raise invalid_argument(
            "Expected output Tensor of DT_FLOAT.  Got: "
            f"{types_pb2.DataType.Name(data_type_of(tensor.dtype))}"
        )
    result = RegressionResult()
    for value in tensor.ravel().tolist():
        result.regressions.add(value=value)
    return result
