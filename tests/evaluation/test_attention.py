import keras
import numpy as np
import pytest

from infnet_keras.data.prepared.reader import ImpressionReader
from infnet_keras.errors import DataError, ModelError
from infnet_keras.evaluation.attention import average_attention
from infnet_keras.evaluation.plots import plot_attention, plot_calibration
from infnet_keras.models.from_spec import from_spec
from infnet_keras.spec.token_positions import Position

SMALL = {"model.dim": 8, "model.blocks": 2, "model.num_heads": 2}


@pytest.fixture(scope="module")
def inputs(prepared):
    return next(iter(ImpressionReader(prepared, "train", 24, shuffle=True).batches())).inputs


def make_model(prepared, **overrides):
    keras.utils.set_random_seed(0)
    return from_spec(prepared.spec, data=prepared, **SMALL, **overrides)


@pytest.fixture(scope="module")
def model(prepared):
    return make_model(prepared)


@pytest.fixture(scope="module")
def attention(model, inputs):
    """The last block's weights, as the model gives them; compiled, for JAX' sake."""

    class Observed(keras.Model):
        def __init__(self):
            super().__init__(name="observed")
            self.model = model
            self.built = True

        def call(self, inputs):
            return self.model(inputs, return_blocks=True)[1][1]["attention"]

    return Observed().predict_on_batch(inputs)


@pytest.mark.long("jax")
def test_is_the_mean_over_impressions_and_heads_with_real_names(prepared, model, inputs, attention):
    spec = prepared.spec
    parts = [{k: v[:12] for k, v in inputs.items()}, {k: v[12:] for k, v in inputs.items()}]
    found = average_attention(model, parts)
    assert found.queries == ["click", "buy", "shared 1", "shared 2"]
    assert found.positions[: len(spec.fields)] == [Position(name, None) for name in spec.fields]
    assert found.positions[-1] == Position("click.category", -1)
    assert len(found.positions) == len(spec.fields) + sum(f.length for f in spec.sequence_features)
    for queries, name in ((slice(0, 2), "tasks"), (slice(2, 4), "shared_tasks")):
        expected = attention["categorical"][name].mean(axis=(0, 1))
        np.testing.assert_allclose(found.weights[queries, : len(spec.fields)], expected, rtol=1e-5)


def test_steps_are_counted_from_the_latest_event(prepared, model, inputs, attention):
    """By hand, impression by impression: its k valid weights are those of steps -k to -1."""
    found = average_attention(model, [inputs])
    start = 0
    for feature in prepared.spec.sequence_features:
        expected = np.zeros((2, feature.length))
        for row, weights in zip(inputs[feature.name], attention["sequence"]["tasks"], strict=True):
            valid = int((row != 0).sum())
            if valid:
                expected[:, -valid:] += weights[:, :, start : start + valid].mean(axis=0) / 24
        source = f"{feature.sequence}.{feature.column}"
        columns = [i for i, p in enumerate(found.positions) if p.source == source]
        np.testing.assert_allclose(found.weights[:2, columns], expected, atol=1e-6)
        start += feature.length
    lengths = (inputs["view__item"] != 0).sum(axis=1)
    assert len(set(lengths)) > 3  # histories of several lengths, or nothing was moved


def test_each_query_spends_its_attention_once_on_fields_and_once_on_steps(prepared, model, inputs):
    found = average_attention(model, [inputs], block=0)
    fields = [i for i, position in enumerate(found.positions) if position.step is None]
    steps = [i for i, position in enumerate(found.positions) if position.step is not None]
    np.testing.assert_allclose(found.weights[:, fields].sum(axis=1), 1.0, rtol=1e-5)
    with_history = np.mean(
        np.any([inputs[f.name][:, 0] for f in prepared.spec.sequence_features], axis=0)
    )
    np.testing.assert_allclose(found.weights[:, steps].sum(axis=1), with_history, rtol=1e-5)


def test_other_options_have_other_names(prepared, inputs):
    """Fused tokens are a behaviour's; gated by its input, the last block has no shared queries."""
    options = {"model.tokens": "fused", "model.gate_source": "input"}
    found = average_attention(make_model(prepared, **options), [inputs])
    assert {p.source for p in found.positions if p.step is not None} == {"view", "click"}
    assert found.queries == ["click", "buy"]
    assert found.weights.shape == (2, len(prepared.spec.fields) + 2 * 20)


def test_refuses_no_batches_and_unknown_blocks(model, inputs):
    with pytest.raises(DataError, match="none were given"):
        average_attention(model, [])
    with pytest.raises(ModelError, match="2 blocks"):
        average_attention(model, [inputs], block=2)


def test_plots_are_images(model, inputs, make_predictions, tmp_path):
    plot_attention(average_attention(model, [inputs]), tmp_path / "attention.png")
    plot_calibration(make_predictions(), tmp_path / "calibration.svg")
    assert (tmp_path / "attention.png").read_bytes().startswith(b"\x89PNG")
    assert "<svg" in (tmp_path / "calibration.svg").read_text()
