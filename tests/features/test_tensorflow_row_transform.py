"""TensorFlow's model inputs are NumPy's, in a graph with unknown shapes and after saving."""

import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.errors import DataError
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.features.raw_batch import read_raw
from infnet_keras.features.raw_inputs import raw_inputs

pytestmark = pytest.mark.backend("tensorflow")
SHAPES = {"value": [None], "sequence": [None, None], "length": [None]}
CANDIDATES = {"value": [None, None]}
NUMERIC = ("exact_price", "exact_duration", "exact_age", "all_alike")
OF_ITEM = ("video_id", "tag", "duration", "price", "age", *NUMERIC[:3])


def signature(inputs, candidates=False):
    """Tensor specs of a request; of `rank`, where items lead with [R, K]."""
    import tensorflow as tf

    return {
        raw.name: tf.TensorSpec(
            CANDIDATES["value"] if candidates and raw.side == "item" else SHAPES[raw.kind],
            raw.dtype,
            raw.name,
        )
        for raw in inputs
    }


def tensors(inputs, arrays):
    import tensorflow as tf

    return {raw.name: tf.constant(arrays[raw.name], raw.dtype) for raw in inputs}


@pytest.fixture
def engines(spec, assets, tmp_path):
    import tensorflow as tf

    from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform

    assets.save(tmp_path)
    numpy_engine = RowTransform(spec, assets)
    engine = TensorFlowRowTransform.from_assets(spec, assets, tmp_path / "vocabulary")
    call = tf.function(engine, input_signature=[signature(numpy_engine.inputs)])
    return numpy_engine, engine, call


def assert_same(found, expected):
    assert found.keys() == expected.keys()
    for name, ids in expected.items():
        assert found[name].dtype.name == ("float32" if name in NUMERIC else "int32") == ids.dtype
        assert_equal(name, found[name].numpy(), ids)


def assert_equal(name, found, expected):
    """Ids are equal; numbers are, up to float32, and NaN where, and only where, one is missing."""
    if name in NUMERIC:
        np.testing.assert_allclose(found, expected, rtol=1e-6, atol=1e-6, err_msg=name)
    else:
        np.testing.assert_array_equal(found, expected, err_msg=name)


def test_a_request(engines, raw):
    numpy_engine, _, call = engines
    arrays = read_raw(numpy_engine.inputs, raw)
    assert_same(call(tensors(numpy_engine.inputs, arrays)), numpy_engine(raw))


def test_no_rows(engines, raw):
    numpy_engine, _, call = engines
    nothing = {name: [] for name in raw}
    arrays = read_raw(numpy_engine.inputs, nothing)
    assert_same(call(tensors(numpy_engine.inputs, arrays)), numpy_engine(nothing))


TEXTS = st.sampled_from(
    ["", "pop", "rock||pop", "||", "a||b||c", "0", "4", "5", "ann", "2022-03-27"]
)
WHOLE = st.sampled_from([10, -3, 7, 0, 99, -(2**63), 2**63 - 1, 1648342800000])
NUMBERS = st.floats(width=32)
STEPS = st.integers(0, 5)


@st.composite
def requests(draw, inputs):
    batch = draw(st.integers(1, 4))
    steps = {"view": draw(STEPS), "click": draw(STEPS)}
    values = {"int64": WHOLE, "float32": NUMBERS, "string": TEXTS}
    found = {}
    for raw in inputs:
        if raw.kind == "length":
            found[raw.name] = draw(st.lists(st.integers(-1, 6), min_size=batch, max_size=batch))
            continue
        width = steps[raw.name.split("__")[0]] if raw.kind == "sequence" else 1
        flat = draw(st.lists(values[raw.dtype], min_size=batch * width, max_size=batch * width))
        shape = (batch, width) if raw.kind == "sequence" else (batch,)
        found[raw.name] = np.array(flat, object).reshape(shape)
    return found


def test_any_request(engines):
    numpy_engine, _, call = engines

    @settings(derandomize=True, deadline=None)
    @given(requests(numpy_engine.inputs))
    def check(raw):
        arrays = read_raw(numpy_engine.inputs, raw)
        assert_same(call(tensors(numpy_engine.inputs, arrays)), numpy_engine(raw))

    check()


def test_many_candidates_a_request(engines, raw):
    import tensorflow as tf

    numpy_engine, engine, _ = engines
    inputs = numpy_engine.inputs
    arrays = read_raw(inputs, raw)
    items = {r.name for r in inputs if r.side == "item"}
    order = np.array([[0, 1], [2, 2], [1, 0]])  # candidates of each request, as rows of the batch
    ranked = {name: array[order] if name in items else array for name, array in arrays.items()}
    rank = tf.function(engine, input_signature=[signature(inputs, candidates=True)])
    found = rank(tensors(inputs, ranked))
    for k in range(2):
        expected = numpy_engine(
            {name: array[:, k] if name in items else array for name, array in ranked.items()}
        )
        for name, ids in expected.items():
            of_item = name in OF_ITEM
            assert found[name].shape == (3, 2, *ids.shape[1:]) if of_item else ids.shape
            got = found[name][:, k] if of_item else found[name]
            assert_equal(name, got.numpy(), ids)


def test_a_saved_model_holds_its_vocabularies(engines, raw, tmp_path):
    import tensorflow as tf

    numpy_engine, engine, call = engines
    arrays = read_raw(numpy_engine.inputs, raw)
    module = tf.Module()
    module.transform = engine
    tf.saved_model.save(module, str(tmp_path / "saved"), signatures=call)
    shutil.rmtree(tmp_path / "vocabulary")
    moved = shutil.move(tmp_path / "saved", tmp_path / "moved")
    assert {path.name for path in (moved / "assets").iterdir()} == {"video.txt", "tag.txt"}
    serve = tf.saved_model.load(str(moved)).signatures["serving_default"]
    assert_same(serve(**tensors(numpy_engine.inputs, arrays)), numpy_engine(raw))


def test_time_as_text_and_nothing_derived(spec_dict, assets, raw, tmp_path):
    import tensorflow as tf

    from infnet_keras.features.assets import Assets, definition_of
    from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform
    from infnet_keras.spec import spec_from_dict

    events = {**spec_dict["sources"]["events"]}
    events["time"] = {"column": "at", "unit": "iso8601", "timezone": "Asia/Kolkata"}
    fields = {name: spec_dict["fields"][name] for name in ("video_id", "hour", "age")}
    spec = spec_from_dict(
        {**spec_dict, "sources": {"events": events}, "fields": fields, "sequences": {}}
    )
    own = Assets(
        definition=definition_of(spec),
        column_types={"video_id": "int64", "at": "string", "upload_date": "string"},
        vocabularies=assets.vocabularies,
        boundaries={},
    )
    own.save(tmp_path)
    given_raw = {
        "video_id": raw["video_id"],
        "upload_date": raw["upload_date"],
        "at": ["2022-03-26T23:00:00Z", "2022-03-26 23:00:00.5", "yesterday"],
    }
    numpy_engine = RowTransform(spec, own)
    expected = numpy_engine(given_raw)
    assert expected["hour"].tolist() == [2 + 4, 2 + 23, 1]
    engine = TensorFlowRowTransform.from_assets(spec, own, tmp_path / "vocabulary")
    inputs = raw_inputs(spec, own.column_types)
    call = tf.function(engine, input_signature=[signature(inputs)])
    assert_same(call(tensors(inputs, read_raw(inputs, given_raw))), expected)


@pytest.mark.parametrize(
    ("time", "dtype", "values"),
    [
        ({"format": "%y%m%d%H"}, "string", ["22032623", "2203265", "22032624"]),
        ({"format": "%y%m%d%H"}, "int64", [22032623, 2203265, None]),
        ({"unit": "s"}, "string", ["1648315800.25", "1.6483158e9", "x"]),
        ({}, "string", ["2022/03/26 23:00:00", "20220326 23:00", "yesterday"]),
        ({}, "int64", [1648315800000, 1648315800999, None]),
    ],
)
def test_spellings_of_a_request(spec_dict, assets, raw, tmp_path, time, dtype, values):
    """23 o'clock of the 26th in Kolkata, by both engines."""
    import tensorflow as tf

    from infnet_keras.features.assets import Assets, definition_of
    from infnet_keras.features.tensorflow.row_transform import TensorFlowRowTransform
    from infnet_keras.spec import spec_from_dict

    events = {**spec_dict["sources"]["events"]}
    events["time"] = {"column": "at", "timezone": "Asia/Kolkata", **time}
    age = {"side": "item", "boundaries": [1.0]}
    fields = {
        "hour": spec_dict["fields"]["hour"],
        "age": {**age, "derive": {"days_since": {"column": "day", "format": "%d.%m.%Y"}}},
    }
    spec = spec_from_dict(
        {**spec_dict, "sources": {"events": events}, "fields": fields, "sequences": {},
         "tables": {}}
    )  # fmt: skip
    own = Assets(definition_of(spec), {"at": dtype, "day": "string"}, {}, {})
    own.save(tmp_path)
    given_raw = {"at": values, "day": ["26.3.2022", "25.03.2022", "25.03.2022"]}
    expected = RowTransform(spec, own)(given_raw)
    known = 2 if values[1] in (2203265, "2203265") else 3
    assert expected["hour"].tolist() == [2 + 23] * (known - 1) + [1] * (4 - known)
    assert expected["age"].tolist() == [2, 3, 1] if known == 3 else [2, 1, 1]
    engine = TensorFlowRowTransform.from_assets(spec, own, tmp_path / "vocabulary")
    inputs = raw_inputs(spec, own.column_types)
    call = tf.function(engine, input_signature=[signature(inputs)])
    assert_same(call(tensors(inputs, read_raw(inputs, given_raw))), expected)


def test_names_must_agree(engines, raw):
    numpy_engine, engine, _ = engines
    given_tensors = tensors(numpy_engine.inputs, read_raw(numpy_engine.inputs, raw))
    del given_tensors["tab"]
    with pytest.raises(DataError, match="'tab' is missing"):
        engine(given_tensors)
