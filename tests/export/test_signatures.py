from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_rows import example_rows

from infnet_keras.features import RawInput, RowTransform, read_raw
from infnet_keras.spec import FeatureSpec, load_spec

pytestmark = pytest.mark.backend("tensorflow")
ITEM_INPUTS = ("video_id", "tag", "duration", "uploaded")
TASKS = ["click", "like", "share"]
Columns = dict[str, Any]


@pytest.fixture(scope="module")
def raw(model: Any) -> Columns:
    return read_raw(RowTransform(model.spec, model.assets).inputs, example_rows())


@pytest.fixture(scope="module")
def ask(exported: Path) -> Callable[[str, Columns], Columns]:
    import tensorflow as tf

    loaded = tf.saved_model.load(str(exported))

    def ask(signature: str, columns: Columns) -> Columns:
        takes = loaded.signatures[signature].structured_input_signature[1]
        tensors = {name: tf.constant(v, takes[name].dtype) for name, v in columns.items()}
        return {k: v.numpy() for k, v in loaded.signatures[signature](**tensors).items()}

    ask.loaded = loaded  # type: ignore[attr-defined]
    return ask


def cut(raw: Columns, rows: Any) -> Columns:
    return {name: column[rows] for name, column in raw.items()}


def load_served_spec(ask: Any) -> FeatureSpec:
    return load_spec(Path(ask.loaded.files[0].asset_path.numpy().decode()))


def assert_same(found: Columns, expected: Columns) -> None:
    assert set(found) == set(expected)
    for task in expected:
        np.testing.assert_allclose(found[task], expected[task], rtol=0, atol=1e-6, err_msg=task)


def test_the_signatures_and_their_shapes(ask: Any) -> None:
    signatures = ask.loaded.signatures
    assert sorted(signatures) == ["attention", "predict", "rank", "serving_default"]
    shapes = {
        name: {
            key: (spec.dtype.name, spec.shape.as_list())
            for key, spec in signature.structured_input_signature[1].items()
        }
        for name, signature in signatures.items()
    }
    assert shapes["serving_default"] == {"examples": ("string", [None])}
    assert shapes["predict"]["view__tag"] == ("string", [None, None])
    assert shapes["predict"]["view__length"] == ("int64", [None])
    assert shapes["predict"]["clicks"] == ("float32", [None])
    assert shapes["predict"]["video_id"] == ("int64", [None])
    assert shapes["attention"] == shapes["predict"]
    assert set(shapes["rank"]) == {*shapes["predict"], "candidate_count"}
    for name, described in shapes["predict"].items():
        expected = (described[0], [None, None]) if name in ITEM_INPUTS else described
        assert shapes["rank"][name] == expected, name
    assert shapes["rank"]["candidate_count"] == ("int64", [None])
    for name, signature in signatures.items():
        outputs = signature.structured_outputs
        assert sorted(outputs) == TASKS
        rank = 2 if name in ("rank", "attention") else 1
        assert all(o.dtype.name == "float32" and o.shape.rank == rank for o in outputs.values())


@pytest.mark.parametrize("rows", [[0], [3, 1, 4, 1, 5], []])
def test_predict_takes_any_batch(ask: Any, raw: Columns, rows: list[int]) -> None:
    rows = np.array(rows, np.int64)
    assert_same(ask("predict", cut(raw, rows)), cut(ask("predict", raw), rows))


def test_rows_differ(ask: Any, raw: Columns) -> None:
    """Otherwise nothing here would be tested."""
    for values in ask("predict", raw).values():
        assert len(np.unique(values.round(4))) > 18
        assert values.min() > 0.0
        assert values.max() < 1.0


def test_what_is_past_a_history_s_length_is_not_read(ask: Any, raw: Columns) -> None:
    """TF Serving fills batches up with a tensor's own first element."""
    steps = np.arange(9)
    filled = dict(raw)
    for name in ("view__video_id", "view__tag", "click__video_id"):
        listed = steps < raw[f"{name.partition('__')[0]}__length"][:, None]
        longer = np.repeat(raw[name][:, :1], 21, axis=1)
        longer[:, :9] = np.where(listed, raw[name], raw[name][0, 0])
        filled[name] = longer
    assert_same(ask("predict", filled), ask("predict", raw))


def test_the_latest_steps_of_a_long_history_count(ask: Any, raw: Columns) -> None:
    long = raw["view__length"] == 9
    assert long.any()
    rows = cut(raw, long)
    latest = {**rows, "view__length": np.full(long.sum(), 4)}
    for name in ("view__video_id", "view__tag"):
        latest[name] = rows[name][:, -4:]
    assert_same(ask("predict", latest), ask("predict", rows))
    oldest = {**rows, "view__length": np.full(long.sum(), 4)}
    assert not np.allclose(ask("predict", oldest)["like"], ask("predict", rows)["like"])


def test_a_batch_without_any_step(ask: Any, raw: Columns) -> None:
    empty = cut(raw, raw["click__length"] == 0)
    narrow = {**empty, "click__video_id": empty["click__video_id"][:, :0]}
    assert_same(ask("predict", narrow), ask("predict", empty))


def test_serving_default_is_predict_on_serialised_examples(ask: Any, raw: Columns) -> None:
    from infnet_keras.export.examples import serialized_examples
    from infnet_keras.features import raw_inputs

    spec = load_served_spec(ask)
    column_types = {"user_id": "string", "video_id": "int64", "tag": "string"}
    column_types |= {"duration": "int64", "uploaded": "string", "tab": "int64", "time_ms": "int64"}
    examples = serialized_examples(raw, raw_inputs(spec, column_types))
    assert_same(ask("serving_default", {"examples": examples}), ask("predict", raw))
    assert_same(
        ask("serving_default", {"examples": examples[:0]}),
        {task: np.zeros(0, np.float32) for task in TASKS},
    )


@pytest.mark.parametrize(("requests", "candidates"), [(1, 1), (1, 30), (3, 7), (2, 0), (0, 4)])
def test_rank_scores_every_pair_as_predict_does(
    ask: Any, raw: Columns, requests: int, candidates: int
) -> None:
    random = np.random.default_rng(0)
    rows = random.integers(0, 24, requests)
    items = random.integers(0, 24, (requests, candidates))
    counts = random.integers(0, candidates + 1, requests)
    request = {n: raw[n][items if n in ITEM_INPUTS else rows] for n in raw}
    found = ask("rank", {**request, "candidate_count": counts})
    assert {task: values.shape for task, values in found.items()} == dict.fromkeys(
        TASKS, (requests, candidates)
    )
    for row in range(requests):
        for place in range(candidates):
            pair = {n: raw[n][[items[row, place] if n in ITEM_INPUTS else rows[row]]] for n in raw}
            alone = ask("predict", pair)
            for task in TASKS:
                expected = alone[task][0] if place < counts[row] else 0.0
                assert found[task][row, place] == pytest.approx(expected, abs=1e-6)


def test_attention_is_what_the_evaluation_averages(ask: Any, raw: Columns, model: Any) -> None:
    from infnet_keras.evaluation.attention import average_attention

    found = ask("attention", raw)
    expected = average_attention(model, [RowTransform(model.spec, model.assets)(raw)])
    assert sorted(found) == TASKS
    assert found["click"].shape == (24, len(expected.positions))
    for task, weights in found.items():
        mean = expected.weights[expected.queries.index(task)]
        np.testing.assert_allclose(weights.mean(axis=0), mean, rtol=0, atol=1e-6, err_msg=task)


def test_attention_weighs_the_steps_that_a_history_has(ask: Any, raw: Columns) -> None:
    spec = load_served_spec(ask)
    positions = spec.model.positions(spec)
    for weights in ask("attention", raw).values():
        fields = [i for i, position in enumerate(positions) if position.step is None]
        np.testing.assert_allclose(weights[:, fields].sum(axis=1), 1.0, rtol=1e-5)
        for column, (source, step) in enumerate(positions):
            if step is not None:
                has_step = raw[f"{source.partition('.')[0]}__length"] >= -step
                np.testing.assert_array_equal(weights[:, column] > 0, has_step)


@pytest.mark.parametrize("count", [-1, 0, 5, 99])
def test_a_count_beyond_the_candidates(ask: Any, raw: Columns, count: int) -> None:
    request = {n: raw[n][np.arange(5)[None] if n in ITEM_INPUTS else [0]] for n in raw}
    scores = ask("rank", {**request, "candidate_count": [count]})["click"][0]
    assert ((scores > 0) == (np.arange(5) < count)).all()


def test_without_item_fields_there_is_nothing_to_rank_and_without_attention_none_to_show(
    model: Any,
) -> None:
    from infnet_keras.export.signatures import signatures
    from infnet_keras.models import from_spec

    inputs = [RawInput("user", "string", "value", "user")]
    without = from_spec("minimal", **{"model.type": "shared_bottom"})
    assert list(signatures(lambda raw: raw, without, inputs)) == ["serving_default", "predict"]
    assert list(signatures(lambda raw: raw, model, inputs))[2:] == ["attention"]
