"""Vectors of a table's values: from the file to the model, its file and its export's answers."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tiny_log import SPEC, write_log

from infnet_keras import from_spec
from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import DataError, SpecError
from infnet_keras.features import RowTransform
from infnet_keras.spec import FeatureSpec, dump_spec, parse_spec, spec_from_dict, summarize
from infnet_keras.testing.draw_weights import draw_weights
from infnet_keras.training.warm_start import WarmStartRecord, carry_over

WIDTH = 3
VECTORS: dict[str, Any] = {"file": "items.parquet", "key": "id", "column": "v", "width": WIDTH}
HELD = [7, 3, 11, 500, 501]
"""Items that the file has; no impression has the last two."""


def spec_of(**vectors: Any) -> FeatureSpec:
    given = {**VECTORS, **vectors}
    return spec_from_dict({**SPEC, "tables": {"item": {"vocabulary": {}, "vectors": given}}})


def vector(item: int) -> list[float]:
    return [float(item), 1.0, -float(item)]


@pytest.fixture
def raw(tmp_path: Path) -> Path:
    write_log(tmp_path / "raw", 300)
    write(tmp_path / "raw", HELD, [vector(item) for item in HELD])
    return tmp_path / "raw"


def write(raw: Path, keys: Any, vectors: Any) -> None:
    lists = vectors if isinstance(vectors, pa.Array) else pa.array(vectors, pa.list_(pa.float64()))
    pq.write_table(pa.table({"id": keys, "v": lists}), raw / "items.parquet")


def prepared(raw: Path, spec: FeatureSpec, out: str = "data") -> PreparedData:
    prepare(spec, raw, raw.parent / out, valid_from=0.6, test_from=0.8)
    return PreparedData.open(raw.parent / out)


def numbers(value: Any) -> Any:
    return keras.ops.convert_to_numpy(value)


def embedded(model: Any, item: str) -> Any:
    """What the item's field is embedded to."""
    vocabulary = model.assets.vocabularies["item"]
    ids = np.array([2 + vocabulary.index(item) if item in vocabulary else 1])
    return numbers(model.embedded_inputs({"item": ids})["embeddings"].fields["item"])[0]


def test_values_of_the_file_follow_those_of_the_log(raw: Path) -> None:
    plain = spec_from_dict({**SPEC})
    fitted = prepared(raw, plain, "plain").assets.vocabularies["item"]
    assets = prepared(raw, spec_of()).assets
    more = sorted(str(item) for item in HELD if str(item) not in fitted)
    assert assets.vocabularies["item"] == [*fitted, *more]
    assert {"500", "501"} <= set(more)
    for value, found in zip(assets.vocabularies["item"], assets.vectors["item"], strict=True):
        expected = vector(int(value)) if int(value) in HELD else [0.0] * WIDTH
        assert found.tolist() == expected, value
    (raw / "items.parquet").unlink()  # nothing needs it any more
    again = PreparedData.open(raw.parent / "data").assets
    np.testing.assert_array_equal(again.vectors["item"], assets.vectors["item"])


@pytest.mark.parametrize("only", [False, True])
@pytest.mark.parametrize("trained", [False, True])
def test_a_projected_vector_is_added_or_alone(raw: Path, only: bool, trained: bool) -> None:
    data = prepared(raw, spec_of(only=only, trained=trained))
    model = from_spec(data.spec, data)
    draw_vectors = numbers(model.embedded_inputs.vector_embeddings["item"].vectors).copy()
    draw_weights(model)
    layer = model.embedded_inputs.vector_embeddings["item"]
    layer.vectors.assign(draw_vectors)
    kernel = numbers(layer.projections["embeddings"].kernel)
    tables = model.embedded_inputs.tables["embeddings"]
    assert ("item" in tables.offsets) != only
    vocabulary = data.assets.vocabularies["item"]
    for item in ("7", "500", "5", "unheard of"):
        expected = np.zeros(8)
        if item.isdigit() and int(item) in HELD:
            expected = np.array(vector(int(item))) @ kernel
        if not only:
            row = 2 + vocabulary.index(item) if item in vocabulary else 1
            expected = expected + tables.rows_of_tables()["item"][row]
        np.testing.assert_allclose(embedded(model, item), expected, rtol=1e-4, atol=1e-5)
    assert any(w is layer.vectors for w in model.trainable_variables) == trained
    # Steps of a history have them too, padding none.
    steps = model.embedded_inputs({"click__item": np.array([[2 + vocabulary.index("7"), 0]])})
    found = numbers(steps["embeddings"].sequences["click__item"])[0]
    np.testing.assert_allclose(found[0], embedded(model, "7"), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("trained", [False, True])
def test_training_moves_them_only_where_asked(raw: Path, trained: bool, tmp_path: Path) -> None:
    data = prepared(raw, spec_of(trained=trained))
    model = from_spec(data.spec, data)
    layer = model.embedded_inputs.vector_embeddings["item"]
    before = numbers(layer.vectors).copy(), numbers(layer.projections["embeddings"].kernel).copy()
    batch = data.reader("train", 100).batch(0)
    for _ in range(3):  # the rate of the first step is 0
        model.train_on_batch(batch.inputs, batch.labels)
    assert np.array_equal(numbers(layer.vectors), before[0]) != trained
    assert not np.array_equal(numbers(layer.projections["embeddings"].kernel), before[1])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    inputs = RowTransform(loaded.spec, loaded.assets)(data.raw_examples)
    for task, values in model.predict_on_batch(inputs).items():
        np.testing.assert_allclose(loaded.predict_on_batch(inputs)[task], values, rtol=1e-5)


@pytest.mark.parametrize("trained", [False, True])
def test_a_warm_start_takes_trained_vectors_along(raw: Path, trained: bool) -> None:
    data = prepared(raw, spec_of(trained=trained))
    earlier = from_spec(data.spec, data)
    old = earlier.embedded_inputs.vector_embeddings["item"]
    draw_weights(earlier)
    later = [700, *HELD]
    write(raw, later, [[0.5, 0.5, item / 100] for item in later])
    more = prepared(raw, spec_of(trained=trained), "later")
    model = from_spec(more.spec, more)
    new = model.embedded_inputs.vector_embeddings["item"]
    own = numbers(new.vectors).copy()
    carry_over(earlier, model, WarmStartRecord("earlier", ""))
    places = {
        value: (2 + more.assets.vocabularies["item"].index(value), 2 + place)
        for place, value in enumerate(data.assets.vocabularies["item"])
    }
    for value, (here, there) in places.items():
        expected = numbers(old.vectors)[there] if trained else own[here]
        np.testing.assert_array_equal(numbers(new.vectors)[here], expected, value)
    come = 2 + more.assets.vocabularies["item"].index("700")
    np.testing.assert_array_equal(numbers(new.vectors)[come], own[come])
    kernels = [numbers(each.projections["embeddings"].kernel) for each in (old, new)]
    np.testing.assert_array_equal(*kernels)


@pytest.mark.parametrize(
    ("keys", "vectors", "message"),
    [
        ([7, 7], [[1, 2, 3], [4, 5, 6]], "holds '7' twice"),
        ([7], [[1.0, 2.0]], "a vector of 2 numbers, and `width` says 3"),
        ([7], [[1.0, None, 2.0]], "missing or not finite"),
        ([7], [[1.0, float("inf"), 2.0]], "missing or not finite"),
        ([7], pa.array([1.0]), "not lists"),
        ([7], pa.array([["a", "b", "c"]]), "holds no numbers"),
        ([1.5], [[1.0, 2.0, 3.0]], "column 'id' holds floats"),
        ([b"\xff"], [[1.0, 2.0, 3.0]], "column 'id' is no UTF-8 text"),
        ([*range(30_000), 29_999], [[1.0, 2.0, 3.0]] * 30_001, "holds '29999' twice"),
    ],
)
def test_files_that_are_refused(raw: Path, keys: Any, vectors: Any, message: str) -> None:
    write(raw, keys, vectors)
    with pytest.raises(DataError, match=message):
        prepared(raw, spec_of())


def test_no_file_and_no_column(raw: Path) -> None:
    with pytest.raises(DataError, match="column"):
        prepared(raw, spec_of(column="w"))
    (raw / "items.parquet").unlink()
    with pytest.raises(DataError, match="cannot be read as Parquet"):
        prepared(raw, spec_of())


def test_the_spec() -> None:
    spec = spec_of()
    assert parse_spec(dump_spec(spec)) == spec
    assert "items.parquet" in summarize(spec)
    with pytest.raises(SpecError, match="`key` and `column` both name 'id'"):
        spec_of(key="id", column="id")
    with pytest.raises(SpecError, match="`vectors` belong to the values of a vocabulary"):
        spec_from_dict({**SPEC, "tables": {"item": {"hash": 9, "vectors": VECTORS}}})
