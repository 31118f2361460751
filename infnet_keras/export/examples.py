"""Serialised tf.Examples: how to parse them, and how to build one from a raw row."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf

from infnet_keras.export.sample_requests import Columns
from infnet_keras.features import Assets, RawInput, raw_inputs
from infnet_keras.features.raw_inputs import MISSING, sent_inputs, served_inputs
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

_DTYPES = {"int64": tf.int64, "float32": tf.float32, "string": tf.string}


def example_spec(spec: FeatureSpec, assets: Assets) -> dict[str, tf.io.RaggedFeature]:
    """The parsing spec of the tf.Examples that `serving_default` takes.

    One feature per raw input of `predict`, under the same name, save the lengths: a history is as
    long as its lists. The shortest of a behaviour's lists counts, and an absent one is empty. A
    value that is absent is missing; of several the first counts.

    Returns:
        Served name of the raw input -> feature, for `tf.io.parse_example`.
    """
    inputs = sent_inputs(spec, raw_inputs(spec, assets.column_types))
    return _parsing_spec(served_inputs(spec, inputs))


def parse_examples(serialized: tf.Tensor, inputs: Sequence[RawInput]) -> dict[str, tf.Tensor]:
    """Serialised tf.Examples as the raw inputs of `predict`.

    Args:
        serialized: string tensor [batch].
        inputs: the raw inputs of the spec.

    Returns:
        Raw input name -> [batch], or [batch, n] for a sequence, n being its longest history.
    """
    return dense_inputs(tf.io.parse_example(serialized, _parsing_spec(inputs)), inputs)


def dense_inputs(
    lists: Mapping[str, tf.RaggedTensor], inputs: Sequence[RawInput]
) -> dict[str, tf.Tensor]:
    """The features of tf.Examples, which are all lists, as the raw inputs of `predict`.

    The shortest of a behaviour's lists counts. A value that is absent is missing; of several the
    first counts.

    Args:
        lists: raw input name -> ragged [batch, (n)], of every input that is no length.
        inputs: the raw inputs to make.

    Returns:
        Raw input name -> [batch], or [batch, n] for a sequence, n being its longest history.
    """
    lengths: dict[str | None, tf.Tensor] = {}
    for name, sequence in ((i.name, i.sequence) for i in inputs if i.kind == "sequence"):
        rows = lists[name].row_lengths()
        lengths[sequence] = tf.minimum(lengths[sequence], rows) if sequence in lengths else rows
    dense = {}
    for name, dtype, kind, _, _, sequence in inputs:
        if kind == "length":
            dense[name] = lengths[sequence]
        elif kind == "sequence":
            longest = tf.reduce_max(tf.concat([[0], lengths[sequence]], 0))
            # Cuts the longer lists; slicing a ragged tensor would be hundreds of operations.
            dense[name] = lists[name].to_tensor(MISSING[dtype], shape=tf.stack([-1, longest]))
        else:
            dense[name] = first_value(lists[name], MISSING[dtype])
    return dense


def first_value(lists: tf.RaggedTensor, default: Any) -> tf.Tensor:
    """The first value of each list [batch, (n)]: [batch], `default` where a list is empty."""
    return lists.to_tensor(default, shape=[None, 1])[:, 0]


def to_example(row: Mapping[str, Any], inputs: Sequence[RawInput]) -> bytes:
    """Serialise one row of a `predict` request as a tf.Example.

    Args:
        row: raw input name -> value, or list of values for a sequence, of which the first
            `length` count. A value that is None is left out, which reads as missing.
        inputs: the raw inputs of the spec.

    Returns:
        The serialised tf.Example.
    """
    features = {}
    lengths = {i.sequence: row[i.name] for i in inputs if i.kind == "length"}
    for name, dtype, kind, _, _, sequence in inputs:
        if kind == "length":
            continue
        values = row[name]
        if kind == "sequence":
            values = values[: max(int(lengths[sequence]), 0)]
        elif values is None:
            continue
        else:
            values = [values]
        features[name] = _feature(values, dtype)
    example = tf.train.Example(features=tf.train.Features(feature=features))
    serialized: bytes = example.SerializeToString()
    return serialized


def serialized_examples(request: Columns, inputs: Sequence[RawInput]) -> npt.NDArray[Any]:
    """The rows of a `predict` request as serialised tf.Examples, dtype object [batch]."""
    count = len(request[inputs[0].name])
    rows = ({name: column[n] for name, column in request.items()} for n in range(count))
    return np.array([to_example(row, inputs) for row in rows], object)


def _parsing_spec(inputs: Sequence[RawInput]) -> dict[str, tf.io.RaggedFeature]:
    return {
        i.name: tf.io.RaggedFeature(_DTYPES[i.dtype], row_splits_dtype=tf.int64)
        for i in inputs
        if i.kind != "length"
    }


def _feature(values: Sequence[Any], dtype: ColumnType) -> tf.train.Feature:
    present = [MISSING[dtype] if value is None else value for value in values]
    if dtype == "int64":
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(v) for v in present]))
    if dtype == "float32":
        return tf.train.Feature(float_list=tf.train.FloatList(value=present))
    texts = [v if isinstance(v, bytes) else v.encode() for v in present]
    return tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))
