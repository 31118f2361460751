"""TensorFlow counts what NumPy counts, for rows and for many candidates a request."""

import numpy as np
import pytest
from crossed_reference import ASSETS, SIDES, SPEC, expected_ids, requests
from hypothesis import given, settings

from infnet_keras.features import RowTransform, read_raw

pytestmark = pytest.mark.backend("tensorflow")
CANDIDATES = 3
LOCAL = RowTransform(SPEC, ASSETS)


@pytest.fixture(scope="module", params=[False, True], ids=["rows", "candidates"])
def call(request, tmp_path_factory):
    """The transform as a graph, of rows or of requests with candidates."""
    import tensorflow as tf

    from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform

    directory = tmp_path_factory.mktemp("assets")
    ASSETS.save(directory)
    engine = TensorFlowRowTransform.from_assets(SPEC, ASSETS, directory / "vocabulary")
    specs = {}
    for raw in LOCAL.inputs:
        two_axes = raw.kind == "sequence" or (request.param and raw.side == "item")
        specs[raw.name] = tf.TensorSpec([None] * (1 + two_axes), raw.dtype, raw.name)
    return request.param, tf.function(engine, input_signature=[specs], autograph=False)


def tensors(arrays):
    import tensorflow as tf

    return {raw.name: tf.constant(arrays[raw.name], raw.dtype) for raw in LOCAL.inputs}


def test_any_request(call):
    ranking, transform = call

    @settings(derandomize=True, deadline=None, max_examples=150)
    @given(requests(CANDIDATES if ranking else None))
    def check(raw):
        columns = range(CANDIDATES) if ranking else [None]
        by_candidate = [
            {
                name: [row[k] for row in values]
                if SIDES.get(name) == "item" and ranking
                else values
                for name, values in raw.items()
            }
            for k in columns
        ]
        arrays = [read_raw(LOCAL.inputs, rows) for rows in by_candidate]
        request = {
            name: np.stack([each[name] for each in arrays], axis=1)
            if ranking and SIDES.get(name) == "item"
            else arrays[0][name]
            for name in arrays[0]
        }
        found = transform(tensors(request))
        for k, rows in enumerate(by_candidate):
            local = LOCAL(rows)
            expected = [expected_ids(rows, row) for row in range(len(rows["item"]))]
            assert set(expected[0]) <= set(local)
            for name, ids in local.items():
                of_item = ranking and name in SPEC.fields and SPEC.fields[name].side == "item"
                got = found[name][:, k] if of_item else found[name]
                np.testing.assert_array_equal(got.numpy(), ids, err_msg=name)
                if name in expected[0]:
                    assert got.numpy().tolist() == [each[name] for each in expected]

    check()


def test_no_rows(call):
    ranking, transform = call
    shapes = {
        raw.name: (0, 2) if raw.kind == "sequence" or (ranking and raw.side == "item") else (0,)
        for raw in LOCAL.inputs
    }
    empty = {
        raw.name: np.zeros(shapes[raw.name], object if raw.dtype == "string" else raw.dtype)
        for raw in LOCAL.inputs
    }
    found = transform(tensors(empty))
    assert found["same_tag_views"].shape == ((0, 2) if ranking else (0,))
