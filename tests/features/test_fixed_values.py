"""Rows of requests, from which what serving fixes is absent: the ids of rows that hold it."""

from typing import Any

import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.features import RowTransform, raw_inputs, read_raw
from infnet_keras.features.fixed_values import fixed_values
from infnet_keras.features.raw_inputs import sent_inputs
from infnet_keras.spec import FeatureSpec, override_spec

# "tab" is a column of text with rows for 0 to 4.
VALUES = [(3, "3"), ("2", "2"), ("", None)]


def fixed_spec(spec: FeatureSpec, value: Any) -> FeatureSpec:
    return override_spec(spec, {"fields.tab.serve_as": value})


def without(raw: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: values for key, values in raw.items() if key != name}


def test_a_request_holds_all_but_what_is_fixed(spec: Any, assets: Any) -> None:
    fixed = fixed_spec(spec, 3)
    inputs = raw_inputs(fixed, assets.column_types)
    assert inputs == raw_inputs(spec, assets.column_types)  # a row of the log holds it
    assert sent_inputs(fixed, inputs) == [raw for raw in inputs if raw.name != "tab"]


@pytest.mark.parametrize(("value", "column"), VALUES)
def test_the_ids_are_those_of_the_constant(
    spec: Any, assets: Any, raw: dict[str, Any], value: Any, column: str | None
) -> None:
    transform = RowTransform(fixed_spec(spec, value), assets)
    expected = RowTransform(spec, assets)({**raw, "tab": [column] * 3})
    found = transform.of_requests(without(raw, "tab"))
    assert list(found) == list(expected)
    for name, ids in expected.items():
        np.testing.assert_array_equal(found[name], ids, err_msg=name)
    # A row of the log is read as it is, whatever serving does.
    logged = RowTransform(spec, assets)(raw)["tab"]
    np.testing.assert_array_equal(transform(raw)["tab"], logged)
    assert logged.tolist() != expected["tab"].tolist()


def test_a_request_that_sends_it(spec: Any, assets: Any, raw: dict[str, Any]) -> None:
    with pytest.raises(DataError, match="raw input 'tab' is unknown"):
        RowTransform(fixed_spec(spec, 3), assets).of_requests(raw)


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize(("value", "column"), VALUES)
def test_the_graph_gives_the_same(
    spec: Any, assets: Any, raw: dict[str, Any], tmp_path: Any, value: Any, column: str | None
) -> None:
    import tensorflow as tf

    from infnet_keras.features.tensorflow.fixed_values import with_fixed
    from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform

    fixed = fixed_spec(spec, value)
    assets.save(tmp_path)
    engine = TensorFlowRowTransform.from_assets(fixed, assets, tmp_path / "vocabulary")
    local = RowTransform(fixed, assets)
    sent = {
        name: tf.constant(array)
        for name, array in read_raw(local.sent, without(raw, "tab")).items()
    }
    found = engine(with_fixed(sent, fixed_values(fixed, assets.column_types)))
    for name, ids in local.of_requests(without(raw, "tab")).items():
        np.testing.assert_array_equal(found[name].numpy(), ids, err_msg=name)


def test_a_value_that_the_column_cannot_hold(spec: Any, assets: Any) -> None:
    types = {**assets.column_types, "tab": "int64"}
    with pytest.raises(DataError, match=r"serve_as: '3' is no value of column 'tab', .* int64"):
        raw_inputs(fixed_spec(spec, "3"), types)
