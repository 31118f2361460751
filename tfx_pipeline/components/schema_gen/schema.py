"""The schema of an examples directory, generated from the spec."""

from collections.abc import Mapping

from tensorflow_metadata.proto.v0 import schema_pb2

from infnet_keras.data.examples.columns import ExampleColumn, example_columns
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.sources import ColumnType

_TYPES = {"int64": schema_pb2.INT, "float32": schema_pb2.FLOAT, "string": schema_pb2.BYTES}
_NUMERIC = ("quantiles", "boundaries", "numeric")
_ALWAYS_THERE = ("label", "weight", "loss_weight", "kept", "user")


def schema_of(spec: FeatureSpec, column_types: Mapping[str, ColumnType]) -> schema_pb2.Schema:
    """What every split's statistics are held to, and how Transform reads the examples.

    A value occurs at most once an example and somewhere at least; a sequence is no longer than the
    spec says; the user's key is always there; a label is 0 or 1, or a regression's number, and its
    weight within 0 and 1; no loss weight is negative. Columns named in `validation` have the
    distance that they may keep. No feature has a shape: all are ragged, so that a missing value is
    an empty list.

    Args:
        spec: the feature spec.
        column_types: type of every raw column, as in `ExamplesManifest`.
    """
    schema = schema_pb2.Schema(represent_variable_length_as_ragged=True)
    for column in example_columns(spec, column_types):
        feature = schema.feature.add(name=column.name, type=_TYPES[column.dtype])
        _valency(feature, column, spec)
        if column.kind == "label" and column.dtype == "int64":
            feature.int_domain.CopyFrom(schema_pb2.IntDomain(min=0, max=1))
        elif column.kind == "weight":
            feature.float_domain.CopyFrom(schema_pb2.FloatDomain(min=0.0, max=1.0))
        elif column.kind == "loss_weight":
            feature.float_domain.CopyFrom(schema_pb2.FloatDomain(min=0.0))
        elif column.kind == "kept":
            feature.int_domain.CopyFrom(schema_pb2.IntDomain(min=0, max=1))
        elif is_by_value(column, spec) and column.dtype == "int64":
            # Counted by value, not as a quantity: distances compare shares of values.
            feature.int_domain.is_categorical = True
        _distances(feature, column, spec)
    return schema


def is_by_value(column: ExampleColumn, spec: FeatureSpec) -> bool:
    """Whether the values of a column are looked up one by one, not compared as numbers."""
    if column.dtype == "string" or column.kind == "user":
        return True
    if column.own in spec.fields and spec.fields[column.own].is_sent:
        return False
    tables = [t for t, columns in spec.table_columns.items() if column.column in columns]
    return any(spec.all_tables[name].kind not in _NUMERIC for name in tables)


def _valency(feature: schema_pb2.Feature, column: ExampleColumn, spec: FeatureSpec) -> None:
    if column.kind == "sequence":
        assert column.sequence is not None
        feature.value_count.max = spec.sequences[column.sequence].length
        return
    feature.value_count.CopyFrom(schema_pb2.ValueCount(min=1, max=1))
    if column.kind in _ALWAYS_THERE or column.own == spec.keys.user:
        feature.presence.CopyFrom(schema_pb2.FeaturePresence(min_fraction=1.0, min_count=1))
    elif column.own not in spec.fields or not spec.fields[column.own].is_sent:
        feature.presence.min_count = 1


def _distances(feature: schema_pb2.Feature, column: ExampleColumn, spec: FeatureSpec) -> None:
    """Drift: this training part and the last run's. Skew: training part and test part."""
    for allowed, comparator in (
        (spec.validation.drift, feature.drift_comparator),
        (spec.validation.skew, feature.skew_comparator),
    ):
        if column.own not in allowed:
            continue
        if is_by_value(column, spec):
            comparator.infinity_norm.threshold = allowed[column.own]
        else:
            comparator.jensen_shannon_divergence.threshold = allowed[column.own]
