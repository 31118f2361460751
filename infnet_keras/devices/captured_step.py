"""A step on torch and CUDA, of training or prediction, recorded once and played again."""

from collections.abc import Callable
from typing import Any

import keras
import torch

from infnet_keras.devices.kept_constants import KeptConstants
from infnet_keras.errors import ModelError

WARM_UP = 3


class CapturedStep:
    """A step whose thousands of operations the host starts by one call.

    The first steps run as they are. Then the step is recorded as a CUDA graph, over inputs that
    stay in place; from there on a batch is copied to that place and the graph is played. A batch
    of another shape, such as a smaller last one, runs as it is.

    Args:
        step: takes a batch, nested tensors of the device, and returns tensors by name, such as
            metrics; what it changes it changes in place, and it reads no tensor on the host.

    Raises:
        ModelError: the step does what cannot be recorded.

    Reference:
        Keras' `train_function` of a batch; torch.cuda.CUDAGraph.
    """

    def __init__(self, step: Callable[[Any], dict[str, Any]]) -> None:
        self._step = step
        self._constants = KeptConstants()
        self._seen = 0
        self._shapes: list[Any] = []
        self._graph: torch.cuda.CUDAGraph | None = None

    def __call__(self, data: Any) -> dict[str, Any]:
        """One step."""
        tensors = [each for each in keras.tree.flatten(data) if each is not None]
        shapes = [(each.shape, each.dtype) for each in tensors]
        if shapes != self._shapes and self._graph is None:
            self._shapes, self._seen = shapes, 0
        if shapes != self._shapes:
            return self._step(data)
        if self._graph is None and self._seen < WARM_UP:
            self._seen += 1
            return self._run(data)
        if self._graph is None:
            self._record(data)
        assert self._graph is not None
        for place, tensor in zip(self._places, tensors, strict=True):
            place.copy_(tensor)
        self._graph.replay()
        # The next step writes over what this one gives.
        return {name: value.clone() for name, value in self._found.items()}

    def _run(self, data: Any) -> dict[str, Any]:
        """A step beside the usual stream, where a graph is recorded."""
        stream = torch.cuda.Stream()
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream), self._constants:
            found = self._step(data)
        torch.cuda.current_stream().wait_stream(stream)
        return found

    def _record(self, data: Any) -> None:
        places = keras.tree.map_structure(lambda each: None if each is None else each.clone(), data)
        self._places = [each for each in keras.tree.flatten(places) if each is not None]
        torch.cuda.synchronize()
        torch.cuda.empty_cache()
        graph = torch.cuda.CUDAGraph()
        try:
            # The thread that reads batches ahead may take pinned memory meanwhile.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"), self._constants:
                self._found = self._step(places)
        except RuntimeError as error:
            raise ModelError(
                "a step of this model cannot be recorded as a CUDA graph; set "
                f"`training.cuda_graph: false`: {error}"
            ) from error
        self._graph = graph
