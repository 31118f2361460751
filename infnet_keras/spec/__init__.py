"""The feature spec: types, loading, errors with file and line, schema, page of options, summary."""

from infnet_keras.spec.condition import Condition, ConditionError
from infnet_keras.spec.document import read_value
from infnet_keras.spec.feature_spec import FeatureSpec, SequenceFeature
from infnet_keras.spec.fields import CategoricalField
from infnet_keras.spec.json_schema import json_schema
from infnet_keras.spec.loading import (
    dump_spec,
    load_spec,
    parse_spec,
    shipped_specs,
    spec_from_dict,
)
from infnet_keras.spec.overrides import override_spec
from infnet_keras.spec.reference import options_page
from infnet_keras.spec.sequences import Sequence
from infnet_keras.spec.sources import Source, Time
from infnet_keras.spec.summary import summarize
from infnet_keras.spec.tables import Table
from infnet_keras.spec.tasks import Task

__all__ = [
    "CategoricalField",
    "Condition",
    "ConditionError",
    "FeatureSpec",
    "Sequence",
    "SequenceFeature",
    "Source",
    "Table",
    "Task",
    "Time",
    "dump_spec",
    "json_schema",
    "load_spec",
    "options_page",
    "override_spec",
    "parse_spec",
    "read_value",
    "shipped_specs",
    "spec_from_dict",
    "summarize",
]
