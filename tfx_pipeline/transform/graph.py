"""The graph of tf.Transform as a transform that the exporter puts into a SavedModel."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import tensorflow as tf

from infnet_keras.features import RawInput
from infnet_keras.features.raw_batch import check_names
from infnet_keras.features.transform_plan import TransformPlan
from infnet_keras.spec import FeatureSpec
from tfx_pipeline.transform.saved_function import SavedFunction

Tensors = dict[str, tf.Tensor]


class TransformGraph(tf.Module):
    """The model inputs of raw rows, computed by what tf.Transform saved.

    Takes and gives what `TensorFlowRowTransform` does. Of a ranking request, what belongs to user
    and context is computed once a request, and only the candidates' fields once a candidate.

    Args:
        directory: the output directory of tf.Transform, of any file system of TensorFlow's.
        spec: the spec of its preprocessing_fn.
        inputs: the raw inputs of the spec.

    Call it in a tf.function: what is needed of the graph is cut out at every call.

    Example:
        >>> transform = TransformGraph("transform_graph", spec, raw_inputs(spec, column_types))
        >>> model(transform(raw))
    """

    def __init__(self, directory: str | Path, spec: FeatureSpec, inputs: Sequence[RawInput]):
        super().__init__()
        self._inputs = {raw.name: raw for raw in inputs}
        self._lengths = {raw.sequence: raw.name for raw in inputs if raw.kind == "length"}
        steps = TransformPlan.of(spec).steps
        self._reads = {step.name: step.reads for step in steps}
        self._dtypes = {step.name: step.dtype for step in steps}
        self._served = spec.served_names
        self._saved = SavedFunction(directory)

    def __call__(self, raw: Mapping[str, tf.Tensor]) -> Tensors:
        """Model inputs of a batch; sizes of axes may be unknown, their number may not.

        Args:
            raw: every input of `raw_inputs`: columns [R], an item's also [R, K] (K candidates a
                request), sequences [R, n] with lengths [R].

        Returns:
            int32 by name: a field in the shape of its column, [..., max_values] if it splits; a
            sequence feature [R, length] or [R, length, max_values]. A numeric field is float32,
            NaN where it is missing.

        Raises:
            DataError: an input is missing or unknown.
        """
        check_names(list(self._inputs), raw)
        listed = {
            name: raw[name]
            for name, given in self._inputs.items()
            if given.kind == "value" and raw[name].shape.rank == 2
        }
        by_candidate = [name for name, reads in self._reads.items() if listed.keys() & set(reads)]
        ids = self._transform([name for name in self._reads if name not in by_candidate], raw)
        if by_candidate:
            shape = tf.shape(next(iter(listed.values())))
            rows = {
                name: tf.reshape(listed[name], [-1])
                if name in listed
                else tf.repeat(raw[name], shape[1], axis=0)
                for name in {read for name in by_candidate for read in self._reads[name]}
            }
            for name, flat in self._transform(by_candidate, rows).items():
                ids[name] = tf.reshape(flat, tf.concat([shape, tf.shape(flat)[1:]], axis=0))
                ids[name].set_shape([None, None, *flat.shape[1:]])
        return {name: ids[name] for name in self._reads}

    def _transform(self, names: list[str], raw: Mapping[str, tf.Tensor]) -> Tensors:
        """Some model inputs, int32 ids and float32 numbers, from rows."""
        if not names:
            return {}
        needed = {read for name in names for read in self._reads[name]}
        lists = {
            self._served[name]: _as_lists(raw[name], raw.get(self._lengths.get(given.sequence, "")))
            for name, given in self._inputs.items()
            if name in needed and given.kind != "length"
        }
        part = self._saved.part(lists, names)
        found = part(*tf.nest.flatten(list(lists.values()), expand_composites=True))
        return {name: tf.cast(found[name], self._dtypes[name]) for name in found}


def _as_lists(values: tf.Tensor, lengths: tf.Tensor | None) -> tf.RaggedTensor:
    """A raw input [rows], or [rows, n] with lengths, as the list of each row that examples hold."""
    if lengths is None:
        return tf.RaggedTensor.from_tensor(values[:, tf.newaxis])
    steps = tf.shape(values, out_type=tf.int64)[1]
    return tf.RaggedTensor.from_tensor(values, tf.clip_by_value(lengths, 0, steps))
