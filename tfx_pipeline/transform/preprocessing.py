"""The preprocessing_fn of tf.Transform, compiled from the feature spec.

One impression's tf.Example in, its model inputs, labels, weights and user out. The row transform is
the exporter's own; only vocabularies and boundaries come from analyzers here.
"""

import json
from collections.abc import Mapping
from typing import Any

import tensorflow as tf
import tensorflow_transform as tft

from infnet_keras.data.examples.columns import (
    example_columns,
    label_name,
    loss_columns,
    weight_name,
)
from infnet_keras.export.examples import dense_inputs, first_value
from infnet_keras.features import raw_inputs
from infnet_keras.features.assets import definition_of
from infnet_keras.features.raw_inputs import MISSING
from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform
from infnet_keras.features.transform_plan import TransformPlan
from infnet_keras.input_names import label_inputs
from infnet_keras.spec import FeatureSpec, parse_spec
from infnet_keras.spec.sources import ColumnType
from tfx_pipeline.spec_parts import refuse_vectors
from tfx_pipeline.transform.fitted_encoders import fitted_encoders
from tfx_pipeline.transform.user_code import user_code

USER_CODE = "user__code"
"""The transformed feature that holds the user."""
DEFINITION = "infnet_keras.definition"
"""In tf.Transform's map of assets: what the ids depend on in the spec, as JSON."""


def preprocessing_fn(
    inputs: Mapping[str, tf.RaggedTensor], custom_config: Mapping[str, Any]
) -> dict[str, tf.Tensor]:
    """Transform a batch of examples; tf.Transform traces it.

    Args:
        inputs: every column of `example_columns`, ragged [batch, (n)]; its type says the column's.
        custom_config: {"spec": the feature spec as YAML text}.

    Returns:
        Every model input under its name, int64: a field [batch] or [batch, max_values], a sequence
        feature [batch, length] or [batch, length, max_values]. `label__<task>` [batch],
        int64 or, of a regression, float32,
        `weight__<task>` float32 [batch], the columns that `loss_columns` names [batch], and, where
        the log names its users, `user__code` int64 [batch].

    Raises:
        DataError: a column is missing, or has a type that its table cannot use.
    """
    spec = parse_spec(custom_config["spec"])
    # Made for names of files, it keeps what follows the last slash.
    tft.annotate_asset(DEFINITION, json.dumps(definition_of(spec)).replace("/", "\\u002f"))
    types = column_types(spec, inputs)
    # From here on inputs have the names that the spec has for them.
    refuse_vectors(spec)
    by_own_name = {own: inputs[name] for own, name in spec.served_names.items() if name in inputs}
    raw = dense_inputs(by_own_name, raw_inputs(spec, types))
    columns = {
        column.own: first_value(inputs[column.name], MISSING[column.dtype])
        for column in example_columns(spec, types)
        if column.kind != "sequence"
    }
    transform = TensorFlowRowTransform(spec, types, fitted_encoders(spec, raw, columns))
    outputs = {
        # A number stays a float; an example holds whole numbers in 64 bits.
        name: values if name in spec.numbers else tf.cast(values, tf.int64)
        for name, values in transform(raw).items()
    }
    for name, shape in model_input_shapes(spec).items():
        outputs[name] = tf.ensure_shape(outputs[name], [None, *shape])
    for task in spec.tasks:
        outputs[label_name(spec, task)] = columns[label_inputs(task)[0]]
        outputs[weight_name(spec, task)] = columns[label_inputs(task)[1]]
    for own in loss_columns(spec):
        outputs[spec.served_names[own]] = columns[own]
    if spec.keys.user is not None:
        outputs[USER_CODE] = user_code(columns[spec.keys.user])
    return outputs


def column_types(spec: FeatureSpec, inputs: Mapping[str, tf.RaggedTensor]) -> dict[str, ColumnType]:
    """Type of each raw column, by the tensors that hold it.

    Args:
        spec: the feature spec.
        inputs: tensors by the names of `example_columns`.
    """
    attributes = {feature.name: feature.column for feature in spec.sequence_features}
    return {
        attributes.get(own, own): inputs[name].dtype.name
        for own, name in spec.served_names.items()
        if name in inputs
    }


def model_input_shapes(spec: FeatureSpec) -> dict[str, list[int]]:
    """The shape of each model input of one impression."""
    return {step.name: list(step.shape) for step in TransformPlan.of(spec).steps}
