"""Parts of the function that tf.Transform saved: some of its outputs, from what they read."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft
from tensorflow.python.eager import wrap_function
from tensorflow_transform import tf2_utils


class SavedFunction(tf.Module):
    """What tf.Transform saved, loaded.

    Args:
        directory: the output directory of tf.Transform, of any file system of TensorFlow's.
    """

    def __init__(self, directory: str | Path):
        super().__init__()
        output = tft.TFTransformOutput(str(directory))
        self._saved = tf.saved_model.load(output.transform_savedmodel_dir)
        self._graph = self._saved.transform_fn.graph
        # A traced function runs what has a state, such as a look-up, one after the other and before
        # all outputs. Nothing here writes: an output needs what leads to it alone.
        for operation in self._graph.get_operations():
            operation._remove_all_control_inputs()

    def part(self, inputs: Iterable[str], outputs: Iterable[str]) -> Any:
        """The function of some inputs alone that gives the outputs that need no others.

        Args:
            inputs: names of examples' columns.
            outputs: names of transformed features.

        Returns:
            Takes the inputs' tensors in order, flat (a ragged one is its values and its row
            splits); gives the outputs by name.
        """
        graph = self._graph
        lists = tf2_utils.get_structured_inputs_from_func_graph(graph)
        found = tf.nest.pack_sequence_as(
            graph.structured_outputs, graph.outputs, expand_composites=True
        )
        feeds = tf.nest.flatten([lists[name] for name in inputs], expand_composites=True)
        return self._prune(feeds, {name: found[name] for name in outputs})

    def constant(self, operation: str) -> tf.Tensor | None:
        """The value that an operation of this name has whatever the inputs are.

        Returns:
            The value; None where there is no such operation.
        """
        for found in self._graph.get_operations():
            if found.name.rpartition("/")[2] == operation:
                return self._prune([], found.outputs[0])()
        return None

    def _prune(self, feeds: list[tf.Tensor], fetches: Any) -> Any:
        with tf.init_scope():
            whole = wrap_function.WrappedFunction(
                self._graph, variable_holder=wrap_function.VariableHolder(share_variables=True)
            )
            return whole.prune(feeds, fetches)
