"""MultiInference: several signatures of one model on the same examples, in one run."""

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef
from tensorflow_serving.apis.inference_pb2 import (
    InferenceTask,
    MultiInferenceRequest,
    MultiInferenceResponse,
)

from serving.inference.classify import classification_result, classification_run
from serving.inference.example_runs import ExampleRun, run_examples
from serving.inference.regress import regression_result, regression_run
from serving.inference.response_spec import fill_model_spec
from serving.saved_model.servable import (
    CLASSIFY_METHOD,
    DEFAULT_SIGNATURE,
    REGRESS_METHOD,
    Servable,
)
from serving.status import invalid_argument, unimplemented


def multi_inference(
    servable: Servable, request: MultiInferenceRequest, deadline: float | None = None
) -> MultiInferenceResponse:
    """Answer a MultiInference request.

    Args:
        servable: the version that the first task asks for.
        request: tasks, each a signature and a method, and the examples for all of them; signatures
            with inputs of their own get the same examples.
        deadline: seconds of `time.monotonic()`.

    Returns:
        One result for each task, in their order.

    Raises:
        StatusError: the tasks do not go together, one cannot be run, or the graph failed.

    Source:
        TensorFlow Serving, servables/tensorflow/multi_inference.cc.
    """
    signatures: dict[str, SignatureDef] = {}
    runs: list[ExampleRun] = []
    for task in request.tasks:
        name = _signature_name(servable, request, task)
        if name in signatures:
            raise invalid_argument(f"Duplicate evaluation of signature: {name}")
        if name not in servable.signatures:
            raise invalid_argument(f"Requested signature not found in model graph: {name}")
        signatures[name] = servable.signatures[name]
        runs.append(_run(servable, task, signatures[name]))
    feeds = {tensor for run in runs for tensor in run.feeds}
    fetches = {tensor for run in runs for tensor in run.fetches}
    together = ExampleRun(tuple(sorted(feeds)), tuple(sorted(fetches)))
    count, results = run_examples(servable, "MultiInference", request.input, together, deadline)
    response = MultiInferenceResponse()
    for task, signature in zip(request.tasks, signatures.values(), strict=True):
        result = response.results.add()
        fill_model_spec(result.model_spec, task.model_spec, servable)
        if task.method_name == CLASSIFY_METHOD:
            classified = classification_result(signature, count, results)
            result.classification_result.CopyFrom(classified)
        else:
            result.regression_result.CopyFrom(regression_result(signature, count, results))
    return response


def _signature_name(servable: Servable, request: MultiInferenceRequest, task: InferenceTask) -> str:
    if not task.model_spec.name:
        raise invalid_argument("Found ModelSpec with an empty model name.")
    if task.model_spec.name != request.tasks[0].model_spec.name:
        raise invalid_argument(
            "All ModelSpecs in a MultiInferenceRequest must access the same model name."
        )
    return str(task.model_spec.signature_name) or DEFAULT_SIGNATURE


def _run(servable: Servable, task: InferenceTask, signature: SignatureDef) -> ExampleRun:
    if task.method_name == CLASSIFY_METHOD:
        return classification_run(servable, signature)
    if task.method_name == REGRESS_METHOD:
        return regression_run(servable, signature)
    raise unimplemented(f"Unsupported signature method_name: {task.method_name}")
