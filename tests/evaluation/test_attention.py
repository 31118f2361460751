import keras
import numpy as np
import pytest

from infnet_keras.data.reader import ImpressionReader
from infnet_keras.errors import DataError, ModelError
from infnet_keras.evaluation.attention import Position, average_attention
from infnet_keras.evaluation.plots import plot_attention, plot_calibration
from infnet_keras.models.from_spec import from_spec

SMALL = {"model.dim": 8, "model.blocks": 2, "model.num_heads": 2}


@pytest.fixture(scope="module")
def inputs(prepared):
    return next(iter(ImpressionReader(prepared, "train", 24, shuffle=True).batches())).inputs


def make_model(prepared, **overrides):
    keras.utils.set_random_seed(0)
    return from_spec(prepared.spec, data=prepared, **SMALL, **overrides)


def test_is_the_mean_over_impressions_and_heads_with_real_names(prepared, inputs):
    model = make_model(prepared)
    spec = prepared.spec
    parts = [{k: v[:10] for k, v in inputs.items()}, {k: v[10:] for k, v in inputs.items()}]
    found = average_attention(model, parts)
    assert found.queries == ["click", "buy", "shared 1", "shared 2"]
    assert found.positions[: len(spec.fields)] == [Position(name, None) for name in spec.fields]
    assert found.positions[-1] == Position("click.category", -1)
    assert len(found.positions) == len(spec.fields) + sum(f.length for f in spec.sequence_features)
    _, attention = model(inputs, return_attention=True)
    weights = keras.ops.convert_to_numpy(attention["block_1"]["categorical"]["tasks"])
    np.testing.assert_allclose(
        found.weights[:2, : len(spec.fields)], weights.mean(axis=(0, 1)), rtol=1e-5
    )


def test_steps_are_counted_from_the_latest_event(prepared, inputs):
    """By hand, for one impression at a time: its k valid weights stand before step 0."""
    model = make_model(prepared)
    for row in range(5):
        one = {name: ids[row : row + 1] for name, ids in inputs.items()}
        found = average_attention(model, [one])
        _, attention = model(one, return_attention=True)
        weights = keras.ops.convert_to_numpy(attention["block_1"]["sequence"]["tasks"])
        start = 0
        for feature in prepared.spec.sequence_features:
            valid = int((one[feature.name] != 0).sum())
            expected = np.zeros((2, feature.length))
            expected[:, feature.length - valid :] = weights[0, :, :, start : start + valid].mean(0)
            source = f"{feature.sequence}.{feature.column}"
            columns = [i for i, p in enumerate(found.positions) if p.source == source]
            np.testing.assert_allclose(found.weights[:2, columns], expected, atol=1e-6)
            start += feature.length


def test_each_query_spends_its_attention_once_on_fields_and_once_on_steps(prepared, inputs):
    found = average_attention(make_model(prepared), [inputs], block=0)
    fields = [i for i, position in enumerate(found.positions) if position.step is None]
    steps = [i for i, position in enumerate(found.positions) if position.step is not None]
    np.testing.assert_allclose(found.weights[:, fields].sum(axis=1), 1.0, rtol=1e-5)
    with_history = np.mean(
        np.any([inputs[f.name][:, 0] for f in prepared.spec.sequence_features], axis=0)
    )
    np.testing.assert_allclose(found.weights[:, steps].sum(axis=1), with_history, rtol=1e-5)


def test_fused_tokens_are_named_by_behaviour(prepared, inputs):
    found = average_attention(make_model(prepared, tokens="fused"), [inputs])
    assert {p.source for p in found.positions if p.step is not None} == {"view", "click"}


def test_gates_by_input_leave_the_last_block_without_shared_queries(prepared, inputs):
    found = average_attention(make_model(prepared, **{"model.gate_source": "input"}), [inputs])
    assert found.queries == ["click", "buy"]


def test_refuses_no_batches_and_unknown_blocks(prepared, inputs):
    model = make_model(prepared)
    with pytest.raises(DataError, match="none were given"):
        average_attention(model, [])
    with pytest.raises(ModelError, match="2 blocks"):
        average_attention(model, [inputs], block=2)


def test_plots_are_images(prepared, inputs, make_predictions, tmp_path):
    plot_attention(average_attention(make_model(prepared), [inputs]), tmp_path / "attention.png")
    plot_calibration(make_predictions(), tmp_path / "calibration.svg")
    assert (tmp_path / "attention.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "calibration.svg").read_text()
