"""1,000 raw rows through Transform, the local path, and every signature of the SavedModel.

The same fitted assets give the same ids everywhere, and probabilities within 1e-5.
"""

import math
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pytest
from odd_rows import SPEC, TYPES, Row, raw_batch
from odd_transform import ROWS, odd_transform, other_rows

from infnet_keras.features import RawInput, RowTransform

pytestmark = pytest.mark.backend("tensorflow")
CANDIDATES = 3
Arrays = dict[str, npt.NDArray[Any]]


class Paths(NamedTuple):
    """What there is to compare.

    Attributes:
        graph: directory of the Transform graph.
        transformed: the transformed rows, as Transform wrote them, input -> ids.
        local: the NumPy transform of the assets that Transform fitted.
        raw: the rows, raw input -> array.
        model: a model of these assets.
        signatures: of its SavedModel.
    """

    graph: Path
    transformed: Arrays
    local: RowTransform
    raw: Arrays
    model: Any
    signatures: Any


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    from infnet_keras.export import TransformSource, write_checked_saved_model
    from infnet_keras.export.predict import load
    from tfx_pipeline.transform.assets import assets_from_transform

    directory = tmp_path_factory.mktemp("parity")
    rows = other_rows()
    done = odd_transform(tmp_path_factory)
    graph = done / "transform_graph"
    assets = assets_from_transform(graph, SPEC, TYPES)
    model = random_model(assets)
    source = TransformSource("tfx_pipeline.transform.graph.TransformGraph", str(graph))
    write_checked_saved_model(model, directory / "saved_model", source, json_batch(rows[:40]))
    return Paths(
        graph,
        read_transformed(done / "transformed_examples" / "Split-test"),
        RowTransform(SPEC, assets),
        raw_batch(rows),
        model,
        load(directory / "saved_model").signatures,
    )


def json_batch(rows: list[Row]) -> dict[str, Any]:
    """Rows as a raw `predict` batch of what JSON can say."""
    return {name: _plain(column.tolist()) for name, column in raw_batch(rows).items()}


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return math.copysign(1e30, value) if value in (math.inf, -math.inf) else value


def random_model(assets: Any) -> Any:
    """A model whose weights are large enough for probabilities to differ."""
    from infnet_keras.models import INFNet

    model = INFNet(SPEC, assets.table_rows(SPEC))
    model.build()
    random = np.random.default_rng(8)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.5, weight.shape).astype(np.float32))
    model.assets = assets
    return model


def read_transformed(directory: Path) -> Arrays:
    """Transformed examples of one file, in order."""
    import tensorflow as tf

    (file,) = directory.iterdir()
    rows = []
    for record in tf.data.TFRecordDataset(str(file), "GZIP").as_numpy_iterator():
        features = tf.train.Example.FromString(record).features.feature
        kinds = {name: getattr(f, f.WhichOneof("kind")).value for name, f in features.items()}
        rows.append({name: np.array(value) for name, value in kinds.items()})
    return {name: np.stack([row[name] for row in rows]) for name in rows[0]}


def tensors(inputs: list[RawInput], raw: Arrays) -> dict[str, Any]:
    import tensorflow as tf

    return {given.name: tf.constant(raw[given.name], given.dtype) for given in inputs}


def expected_probabilities(paths: Paths) -> Arrays:
    """The model itself on the ids of the local path."""
    outputs = paths.model(paths.local(paths.raw), training=False)
    return {task: np.asarray(values) for task, values in outputs.items()}


def test_the_rows_are_odd(paths: Paths) -> None:
    ids = paths.local(paths.raw)
    for name, table in (("video_id", "video"), ("tag", "tag"), ("duration", "amount")):
        assert len(np.unique(ids[name])) > 3, f"{name} of table {table} hardly differs"
    assert (paths.raw["view__length"] == 0).any()
    assert (paths.raw["view__length"] > SPEC.sequences["view"].length).any()


def test_transformed_examples_hold_the_local_ids(paths: Paths) -> None:
    # Rows are not shuffled by Transform, but nothing promises their order: compare them as a set.
    local = paths.local(paths.raw)
    names = sorted(local)
    names = [*(n for n in names if n not in SPEC.numbers), *SPEC.numbers]
    found = [paths.transformed[name].reshape(ROWS, -1) for name in names]
    expected = [local[name].reshape(ROWS, -1) for name in names]
    # Ids come first in a row: they put the rows into one order, and numbers may differ in rounding.
    rows = [
        sorted(map(tuple, np.nan_to_num(np.concatenate(columns, axis=1), nan=-99.0)))
        for columns in (found, expected)
    ]
    count = len(SPEC.numbers)
    assert [row[:-count] for row in rows[0]] == [row[:-count] for row in rows[1]]
    np.testing.assert_allclose(*([row[-count:] for row in each] for each in rows), 1e-6, 1e-6)


def test_the_graph_gives_the_local_ids(paths: Paths) -> None:
    import tensorflow as tf

    from tfx_pipeline.transform.graph import TransformGraph

    graph = TransformGraph(paths.graph, SPEC, paths.local.inputs)
    found = tf.function(graph, autograph=False)(tensors(paths.local.inputs, paths.raw))
    for name, ids in paths.local(paths.raw).items():
        if name in SPEC.numbers:
            np.testing.assert_allclose(found[name].numpy(), ids, 1e-6, 1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(found[name].numpy(), ids, err_msg=name)


def test_serving_default(paths: Paths) -> None:
    import tensorflow as tf

    from infnet_keras.export.examples import serialized_examples

    examples = serialized_examples(paths.raw, paths.local.inputs)
    found = paths.signatures["serving_default"](examples=tf.constant(examples))
    for task, values in expected_probabilities(paths).items():
        np.testing.assert_allclose(found[task].numpy(), values, atol=1e-5, rtol=0)


def test_predict(paths: Paths) -> None:
    found = paths.signatures["predict"](**tensors(paths.local.inputs, paths.raw))
    for task, values in expected_probabilities(paths).items():
        assert np.std(values) > 0.01
        np.testing.assert_allclose(found[task].numpy(), values, atol=1e-5, rtol=0)


def test_rank(paths: Paths) -> None:
    import tensorflow as tf

    inputs = paths.local.inputs
    candidates = (np.arange(ROWS)[:, None] + np.arange(CANDIDATES)) % ROWS
    counts = np.arange(ROWS) % (CANDIDATES + 1)
    request, flat = {}, {}
    for given in inputs:
        column = paths.raw[given.name]
        of_item = given.side == "item"
        request[given.name] = column[candidates] if of_item else column
        flat[given.name] = (
            column[candidates].reshape(-1) if of_item else np.repeat(column, CANDIDATES, axis=0)
        )
    found = paths.signatures["rank"](
        **tensors(inputs, request), candidate_count=tf.constant(counts, tf.int64)
    )
    outputs = paths.model(paths.local(flat), training=False)
    for task, values in outputs.items():
        scores = np.where(
            np.arange(CANDIDATES) < counts[:, None], np.reshape(values, candidates.shape), 0.0
        )
        np.testing.assert_allclose(found[task].numpy(), scores, atol=1e-5, rtol=0)
