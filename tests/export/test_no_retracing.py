"""A signature is one function for every batch size, number of candidates and length."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.backend("tensorflow")
SIGNATURES = ("predict", "serving_default", "rank")


def requests(saved: Path, signature: str) -> list[dict[str, Any]]:
    """Requests of one size and another, with histories of several lengths."""
    import tensorflow as tf

    from infnet_keras.export.warmup import read_warmup

    arrays = dict(read_warmup(saved))[signature]
    shapes = []
    for rows, steps, candidates in ((1, 0, 1), (2, 3, 7), (5, 40, 0), (0, 2, 3)):
        request = {}
        for name, array in arrays.items():
            array = array[np.arange(rows) % len(array)]
            if name.startswith(("view__", "click__")) and array.ndim == 2:
                array = array[:, np.arange(steps) % array.shape[1]]
            elif array.ndim == 2:
                array = array[:, np.arange(candidates) % array.shape[1]]
            request[name] = tf.constant(array)
        shapes.append(request)
    return shapes


@pytest.mark.parametrize("signature", SIGNATURES)
def test_no_size_makes_another_function(exported: Path, signature: str) -> None:
    import tensorflow as tf
    from tensorflow.python.eager import context

    loaded = tf.saved_model.load(str(exported))
    function = loaded.signatures[signature]
    first, *others = requests(exported, signature)
    function(**first)
    known = set(context.context().list_function_names())
    for request in others:
        outputs = function(**request)
        for probabilities in outputs.values():
            assert len(probabilities) == len(next(iter(request.values())))
            assert np.isfinite(probabilities).all()
    assert set(context.context().list_function_names()) == known


@pytest.mark.parametrize("signature", SIGNATURES)
def test_nothing_of_a_signature_has_a_fixed_size_or_runs_python(
    exported: Path, signature: str
) -> None:
    import tensorflow as tf

    function = tf.saved_model.load(str(exported)).signatures[signature]
    for tensor in (*function.inputs, *function.outputs):
        if tensor.dtype != tf.resource:
            assert all(size is None for size in tensor.shape)
    graph = function.graph.as_graph_def()
    operations = {node.op for node in graph.node}
    operations |= {node.op for inner in graph.library.function for node in inner.node_def}
    assert not operations & {"PyFunc", "EagerPyFunc", "PyFuncStateless"}
