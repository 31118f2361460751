"""Runs a graph on the examples of a request."""

import time
from dataclasses import dataclass

from tensorflow_serving.apis.input_pb2 import Input

from serving.inference.example_input import serialized_examples
from serving.metrics.server_metrics import RUNTIME_LATENCY
from serving.saved_model.servable import Servable
from serving.saved_model.session import Array


@dataclass(frozen=True)
class ExampleRun:
    """What to run on serialised examples.

    Args:
        feeds: names of the tensors that each take the examples.
        fetches: names of the tensors to compute.
    """

    feeds: tuple[str, ...]
    fetches: tuple[str, ...]


def run_examples(
    servable: Servable, api: str, request_input: Input, run: ExampleRun, deadline: float | None
) -> tuple[int, dict[str, Array]]:
    """Run the graph once on all examples of a request.

    Args:
        servable: has the graph.
        api: "Classify", "Regress" or "MultiInference", for the metrics.
        request_input: the examples.
        run: what to feed and what to compute.
        deadline: seconds of `time.monotonic()`; None for none.

    Returns:
        The number of examples, and tensor name -> array.

    Raises:
        StatusError: there is no example, or the graph failed.
    """
    examples = serialized_examples(servable.name, request_input)
    start = time.monotonic()
    arrays = servable.session.run(dict.fromkeys(run.feeds, examples), run.fetches, deadline)
    RUNTIME_LATENCY.observe((time.monotonic() - start) * 1e6, servable.name, api, "TF1")
    return len(examples), dict(zip(run.fetches, arrays, strict=True))
