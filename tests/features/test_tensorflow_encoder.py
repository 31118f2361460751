"""The TensorFlow engine gives the NumPy engine's ids."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infnet_keras.errors import DataError
from infnet_keras.features.canonical import MISSING_INTEGER
from infnet_keras.features.numpy.encoder import Encoder
from infnet_keras.spec import Table

pytestmark = pytest.mark.backend("tensorflow")

TABLES = {
    "vocabulary": Table(vocabulary={}),
    "vocabulary_missing": Table(vocabulary={}, missing="own"),
    "vocabulary_oov": Table(vocabulary={}, oov=5, missing="own"),
    "hash": Table(hash=7),
    "hash_missing": Table(hash=1000, oov=2, missing="own"),
    "identity": Table(identity=12),
    "identity_missing": Table(identity=12, missing="own"),
    "boundaries_missing": Table(boundaries=[-1.5, 0.0, 0.1, 16777217.0, 1e39], missing="own"),
    "quantiles_missing": Table(quantiles=5, missing="own"),
    "boundaries": Table(
        boundaries=[-1.5, 0.0, 0.1, 16777216.0, 16777217.0, 2.0**62, 2**62 + 1, 1e39]
    ),
    "quantiles": Table(quantiles=5),
}
VOCABULARY = [
    "b", "7", "-3", "0", " ", "b ", "\t", "a\0b", "\0", "😀", "007", "\x85", "\u2028", "\ufeff",
    str(2**63 - 1), str(-(2**63)), "x" * 10_000,
]  # fmt: skip
QUANTILES = [float(np.float32(0.1)), 2.0, 2.0**24, 2.0**53]

EDGES = [2**24, 2**53, 2**31, 2**63 - 1, -(2**63), 0, 12]
INTEGERS = (
    st.integers(-(2**63), 2**63 - 1)
    | st.integers(-4, 13)
    | st.builds(
        lambda edge, step: min(max(edge + step, -(2**63)), 2**63 - 1),
        st.sampled_from(EDGES),
        st.integers(-3, 3),
    )
)
TEXTS = st.sampled_from(
    [*VOCABULARY, "", "\n", "a\r", "b\r", "+7", " 7", "07", "7.0", "-0", "9" * 18, "9" * 30, "é"]
)
STRINGS = TEXTS | st.text(max_size=6).filter(lambda text: text.isprintable()) | st.text(
    st.characters(exclude_categories=["Cs"]), max_size=6
)  # fmt: skip
BYTES = st.binary(max_size=6) | STRINGS.map(str.encode)
FLOATS = st.floats(width=32) | st.sampled_from(
    [-1.5, 0.0, -0.0, 2.0, 11.0, 12.0, 1e-40, -1e-40, 2.0**31, 2.0**24, *QUANTILES]
)


@pytest.fixture(scope="module")
def engines(tmp_path_factory):
    from infnet_keras.features.tensorflow.encoder import TensorFlowEncoder
    from infnet_keras.features.tensorflow.vocabulary import TensorFlowVocabulary

    path = tmp_path_factory.mktemp("vocabulary") / "values.txt"
    path.write_bytes("".join(f"{value}\n" for value in VOCABULARY).encode())
    ranks = TensorFlowVocabulary(path)
    return {
        name: (Encoder(table, VOCABULARY, QUANTILES), TensorFlowEncoder(table, ranks, QUANTILES))
        for name, table in TABLES.items()
    }


@settings(derandomize=True, deadline=None)
@given(st.lists(INTEGERS))
def test_integers(engines, values):
    import tensorflow as tf

    array = np.array(values, np.int64)
    for name, (numpy_engine, engine) in engines.items():
        ids = engine.encode(tf.constant(array))
        assert ids.dtype == tf.int32
        assert ids.numpy().tolist() == numpy_engine.encode(array).tolist(), name


@settings(derandomize=True, deadline=None)
@given(st.lists(BYTES))
def test_strings(engines, values):
    import tensorflow as tf

    array = np.array(values, object)
    for name, (numpy_engine, engine) in engines.items():
        if not TABLES[name].is_numeric:
            ids = engine.encode(tf.constant(values, tf.string)).numpy()
            assert ids.tolist() == numpy_engine.encode(array).tolist(), name


@settings(derandomize=True, deadline=None)
@given(st.lists(FLOATS))
def test_floats(engines, values):
    import tensorflow as tf

    array = np.array(values, np.float32)
    for name, (numpy_engine, engine) in engines.items():
        if TABLES[name].is_numeric or TABLES[name].identity:
            ids = engine.encode(tf.constant(array)).numpy()
            assert ids.tolist() == numpy_engine.encode(array).tolist(), name


@pytest.mark.parametrize(
    ("separator", "max_values"), [(",", 2), ("||", 1), ("aba", 3), ("é", 2), (" ", 4)]
)
def test_several_values(engines, separator, max_values):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def encode(strings):
        return {
            name: engine.encode_multivalue(strings, separator, max_values)
            for name, (_, engine) in engines.items()
            if not TABLES[name].is_numeric
        }

    @settings(derandomize=True, deadline=None, max_examples=50)
    @given(st.lists(st.lists(BYTES, max_size=5)))
    def check(rows):
        joined = [separator.encode().join(row) for row in rows]
        array = np.array(joined, object)
        for name, ids in encode(tf.constant(joined, tf.string)).items():
            expected = engines[name][0].encode_multivalue(array, separator, max_values)
            assert ids.dtype == tf.int32
            assert ids.numpy().tolist() == expected.tolist(), name

    check()


def test_integers_split_as_their_digits(engines):
    import tensorflow as tf

    values = np.array([72737, -37, MISSING_INTEGER, 7])
    numpy_engine, engine = engines["vocabulary_missing"]
    ids = engine.encode_multivalue(tf.constant(values), "2", 3).numpy()
    assert ids.tolist() == numpy_engine.encode_multivalue(values, "2", 3).tolist()


def test_integers_are_rounded_to_float32_once(engines):
    import tensorflow as tf

    generator = np.random.default_rng(0)
    values = generator.integers(-(2**63), 2**63 - 1, 5000) >> generator.integers(0, 40, 5000)
    expected = values.astype(np.float32)
    assert np.array_equal(tf.cast(tf.constant(values), tf.float32).numpy(), expected)


def test_shapes_are_kept_and_may_be_unknown(engines):
    import tensorflow as tf

    values = np.array([[["b", ""], ["7", "zz"]]], object)
    for name in ("vocabulary", "hash", "identity"):
        numpy_engine, engine = engines[name]
        call = tf.function(
            lambda x, engine=engine: (engine.encode(x), engine.encode_multivalue(x, ",", 2)),
            input_signature=[tf.TensorSpec([None, None, None], tf.string)],
        )
        ids, several = call(tf.constant(values))
        assert ids.numpy().tolist() == numpy_engine.encode(values.ravel()).reshape(1, 2, 2).tolist()
        expected = numpy_engine.encode_multivalue(values.ravel(), ",", 2).reshape(1, 2, 2, 2)
        assert several.numpy().tolist() == expected.tolist()
        ids, several = call(tf.zeros([2, 0, 3], tf.string))
        assert ids.shape == (2, 0, 3)
        assert several.shape == (2, 0, 3, 2)


def test_empty_vocabulary(tmp_path: Path):
    import tensorflow as tf

    from infnet_keras.features.tensorflow.encoder import TensorFlowEncoder
    from infnet_keras.features.tensorflow.vocabulary import TensorFlowVocabulary

    path = tmp_path / "empty.txt"
    path.touch()
    engine = TensorFlowEncoder(Table(vocabulary={}, missing="own"), TensorFlowVocabulary(path))
    assert engine.encode(tf.constant(["a", ""])).numpy().tolist() == [1, 2]


def test_types_that_a_table_cannot_place(engines):
    import tensorflow as tf

    with pytest.raises(DataError, match="one spelling"):
        engines["hash"][1].encode(tf.constant([1.0]))
    with pytest.raises(DataError, match="compare numbers"):
        engines["quantiles"][1].encode(tf.constant(["1"]))
