"""The examples of a Classify, Regress or MultiInference request, as one tensor of strings."""

import numpy as np
from tensorflow_serving.apis.input_pb2 import Input

from serving.metrics.server_metrics import REQUEST_EXAMPLE_COUNT_TOTAL, REQUEST_EXAMPLE_COUNTS
from serving.saved_model.session import Array
from serving.status import invalid_argument

# A short request may have a long context and many examples: what its repetition takes is bounded.
_MOST_CONTEXT_BYTES = 64 * 2**20


def serialized_examples(model_name: str, request_input: Input) -> Array:
    """The request's examples, each with the context, if there is one, put before it.

    Args:
        model_name: whose count of examples grows.
        request_input: a list of examples, with or without a context.

    Returns:
        Serialised tf.Example, bytes of dtype object [examples]. A feature that an example and the
        context both have is the example's, since what comes later in a message wins.

    Raises:
        StatusError: INVALID_ARGUMENT, there is no example; or the context, once for each example,
            takes more than 64 MiB.

    Source:
        TensorFlow Serving, servables/tensorflow/util.cc, InputToSerializedExampleTensor.
    """
    match request_input.WhichOneof("kind"):
        case "example_list":
            context, examples = b"", request_input.example_list.examples
        case "example_list_with_context":
            together = request_input.example_list_with_context
            context, examples = together.context.SerializeToString(), together.examples
        case _:
            context, examples = b"", []
    if not len(examples):
        raise invalid_argument("Input is empty.")
    if len(context) * len(examples) > _MOST_CONTEXT_BYTES:
        raise invalid_argument(
            f"A context of {len(context)} bytes is too long for {len(examples)} examples"
        )
    REQUEST_EXAMPLE_COUNTS.observe(len(examples), model_name)
    REQUEST_EXAMPLE_COUNT_TOTAL.increment(model_name, amount=len(examples))
    tensor = np.empty(len(examples), object)
    tensor[:] = [context + example.SerializeToString() for example in examples]
    return tensor
