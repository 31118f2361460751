"""Predict: named tensors in, named tensors out."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.predict_pb2 import PredictRequest, PredictResponse

from serving.inference.request_inputs import request_inputs
from serving.inference.response_spec import fill_model_spec
from serving.inference.signatures import signature_to_predict
from serving.inference.unreadable_inputs import count_unreadable
from serving.metrics.server_metrics import RUNTIME_LATENCY
from serving.saved_model.claimed_bytes import DEFAULT_LIMIT
from serving.saved_model.data_types import data_type_of
from serving.saved_model.servable import (
    CLASSIFY_METHOD,
    PREDICT_METHOD,
    REGRESS_METHOD,
    Servable,
)
from serving.saved_model.session import Array
from serving.saved_model.tensor_proto import to_content_proto, to_proto
from serving.status import internal, invalid_argument

_METHODS = (PREDICT_METHOD, CLASSIFY_METHOD, REGRESS_METHOD)


@dataclass(frozen=True)
class PredictOptions:
    """How requests for predictions are read and answered.

    Args:
        as_content: whether outputs go into `tensor_content`, not into their typed fields.
        claimable: bytes that the shapes and repeated values of one request may claim.
        counts_unreadable: whether values that cannot be read are counted.
    """

    as_content: bool = False
    claimable: int = DEFAULT_LIMIT
    counts_unreadable: bool = True


DEFAULT_OPTIONS = PredictOptions()


def predict(
    servable: Servable,
    request: PredictRequest,
    deadline: float | None = None,
    options: PredictOptions = DEFAULT_OPTIONS,
    refuse_unreadable: bool = False,
) -> PredictResponse:
    """Answer a Predict request.

    Args:
        servable: the version that the request asks for.
        request: inputs by alias; the outputs wanted, all of them if none is named.
        deadline: seconds of `time.monotonic()`.
        options: see `PredictOptions`.
        refuse_unreadable: see `count_unreadable`.

    Returns:
        Outputs by alias; the model spec says which version and signature answered.

    Raises:
        StatusError: what is wrong with the request, or why the graph failed.

    Source:
        TensorFlow Serving, servables/tensorflow/predict_util.cc.
    """
    signature = signature_to_predict(servable, request.model_spec.signature_name)
    inputs = request_inputs(signature, request.inputs, options.claimable)
    if options.counts_unreadable:
        count_unreadable(servable, inputs, refuse_unreadable)
    outputs = run_signature(servable, signature, inputs, request.output_filter, deadline)
    write = to_content_proto if options.as_content else to_proto
    response = PredictResponse()
    fill_model_spec(response.model_spec, request.model_spec, servable)
    for alias, array in outputs.items():
        response.outputs[alias].CopyFrom(write(array, data_type_of(array.dtype)))
    return response


def run_signature(
    servable: Servable,
    signature: SignatureDef,
    inputs: Mapping[str, Array],
    output_filter: Sequence[str],
    deadline: float | None,
) -> dict[str, Array]:
    """Run a signature on arrays.

    Args:
        servable: has the graph.
        signature: one of the servable's.
        inputs: alias -> array, exactly the signature's aliases.
        output_filter: aliases of the outputs to compute; all of them if empty.
        deadline: seconds of `time.monotonic()`; None for none.

    Returns:
        Alias -> array, in the order of the filter or of the aliases.

    Raises:
        StatusError: an output is unknown or named twice, or the graph failed.
    """
    _check_method(servable, signature)
    aliases = _outputs(signature, output_filter)
    feeds = {signature.inputs[alias].name: array for alias, array in inputs.items()}
    tensors = [signature.outputs[alias].name for alias in aliases]
    fetches = sorted(set(tensors))
    start = time.monotonic()
    results = dict(zip(fetches, servable.session.run(feeds, fetches, deadline), strict=True))
    RUNTIME_LATENCY.observe((time.monotonic() - start) * 1e6, servable.name, "Predict", "TF1")
    return {alias: results[tensor] for alias, tensor in zip(aliases, tensors, strict=True)}


def _check_method(servable: Servable, signature: SignatureDef) -> None:
    if servable.check_method_names and signature.method_name not in _METHODS:
        raise internal(
            "Expected prediction signature method_name to be one of "
            f"{{{', '.join(_METHODS)}}}. Was: {signature.method_name}"
        )


def _outputs(signature: SignatureDef, output_filter: Sequence[str]) -> list[str]:
    if not output_filter:
        return sorted(signature.outputs)
    seen: list[str] = []
    for alias in output_filter:
        if alias not in signature.outputs:
            raise invalid_argument(
                f"output tensor alias not found in signature: {alias} Outputs expected to be in "
                f"the set {{{','.join(sorted(signature.outputs))}}}."
            )
        if alias in seen:
            raise invalid_argument(f"duplicate output tensor alias: {alias}")
        seen.append(alias)
    return seen
