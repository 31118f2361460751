import itertools

import keras
import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.evaluation import sample_inputs
from infnet_keras.evaluation.collapse import CollapseGauge, measure_collapse
from infnet_keras.evaluation.observer import Observer
from infnet_keras.models.from_spec import from_spec

SMALL = {"model.dim": 8, "model.blocks": 2, "model.num_heads": 2}


@pytest.fixture(scope="module")
def batches(prepared):
    """48 impressions of two batches, some of which have no history."""
    batches = list(sample_inputs(prepared, "train", 48, batch_size=24))
    for feature in prepared.spec.sequence_features:
        batches[0][feature.name][:5] = 0
    return batches


def make_model(prepared, **options):
    keras.utils.set_random_seed(0)
    overrides = {f"model.{name}": value for name, value in options.items()}
    return from_spec(prepared.spec, data=prepared, **SMALL, **overrides)


def drawn(model, scale=0.5):
    """The model with weights large enough for tokens to say something."""
    draws = np.random.default_rng(5)
    for variable in model.trainable_variables:
        variable.assign(draws.normal(0.0, scale, variable.shape).astype("float32"))
    return model


def looped(tokens, centred):
    means = tokens.mean(axis=0) if centred else np.zeros(tokens.shape[1:])
    cosines = []
    for example in tokens:
        for i, j in itertools.combinations(range(len(example)), 2):
            one, other = example[i] - means[i], example[j] - means[j]
            cosines.append(one @ other / (np.linalg.norm(one) * np.linalg.norm(other)))
    return np.mean(cosines)


def test_equals_loops_over_what_the_blocks_give(prepared, batches):
    model = drawn(make_model(prepared))
    inputs = {name: np.concatenate([b[name] for b in batches]) for name in batches[0]}
    seen = Observer(model, lambda i: model(i, return_blocks=True)[1]).predict_on_batch(inputs)
    history = np.any([inputs[f.name][:, 0] for f in prepared.spec.sequence_features], axis=0)
    assert 0 < history.sum() < len(history)
    found = measure_collapse(model, batches)
    assert [block.block for block in found] == [1, 2]
    for block, state in zip(found, seen, strict=True):
        tasks = state["tasks"].astype("float64")
        assert block.task_cosine == pytest.approx(looped(tasks, True), abs=1e-4)
        assert block.task_cosine_uncentred == pytest.approx(looped(tasks, False), abs=1e-4)
        for kind, some in (("categorical", history | True), ("sequence", history)):
            weights = state["attention"][kind]["tasks"][some]
            expected = np.mean(
                [abs(head[0] - head[1]).sum() / 2 for example in weights for head in example]
            )
            measured = getattr(block, f"{kind}_attention_distance")
            assert measured == pytest.approx(expected, abs=1e-5)
            assert measured > 0.01
    proxies = seen[0]["categorical_proxies"].astype("float64")
    assert found[0].proxy_cosine == pytest.approx(looped(proxies, True), abs=1e-4)
    assert found[0].proxy_cosine_uncentred == pytest.approx(looped(proxies, False), abs=1e-4)
    assert found[1].proxy_cosine is None  # the last block leaves the proxies as they came


def test_tokens_that_only_differ_by_constants_have_collapsed(prepared, batches):
    """Attentions that give nothing: a task's token is the vector that it started with."""
    model = make_model(prepared, residual=True, task_scale=1.0)
    for block in model.blocks:
        for attention in block.attentions.values():
            attention.value_kernels.assign(np.zeros(attention.value_kernels.shape))
    found = measure_collapse(model, batches)
    assert len(found) == len(model.blocks)
    for block in found:
        assert block.task_cosine == 1.0
        assert block.task_cosine_uncentred < 0.9


def test_the_paper_s_small_tokens_have_collapsed_and_the_defaults_have_not(prepared, batches):
    paper = measure_collapse(make_model(prepared, variant="paper"), batches)[-1]
    default = measure_collapse(make_model(prepared), batches)[-1]
    assert paper.task_cosine > 0.999
    assert default.task_cosine < 0.98
    assert paper.sequence_attention_distance < 1e-4 < default.sequence_attention_distance


@pytest.mark.parametrize("without", ["task_tokens", "attention"])
def test_ablations_leave_the_tasks_nothing_of_their_own(prepared, batches, without):
    for block in measure_collapse(drawn(make_model(prepared, without=without)), batches):
        assert block.task_cosine == pytest.approx(1.0, abs=1e-6)
        expected = pytest.approx(0.0, abs=1e-6) if without == "task_tokens" else None
        assert block.categorical_attention_distance == expected
        assert block.sequence_attention_distance == expected


@pytest.mark.long("jax")
def test_one_task_has_nobody_to_differ_from(prepared, batches):
    spec = prepared.spec.model_copy(update={"tasks": {"click": prepared.spec.tasks["click"]}})
    keras.utils.set_random_seed(0)
    found = measure_collapse(from_spec(spec, data=prepared, **SMALL), batches)
    assert found[0].proxy_cosine is not None
    for block in found:
        assert block.task_cosine is None
        assert block.task_cosine_uncentred is None
        assert block.categorical_attention_distance is None
        assert block.sequence_attention_distance is None


def test_a_model_without_blocks_is_not_measured(prepared, batches):
    model = from_spec(prepared.spec, data=prepared, **{"model.type": "shared_bottom"})
    assert not CollapseGauge(model).applies
    assert measure_collapse(model, batches) == []


def test_a_gauge_sees_the_weights_of_the_moment(prepared, batches):
    model = make_model(prepared)
    gauge = CollapseGauge(model)
    before = gauge.measure(batches)
    drawn(model)
    assert gauge.measure(batches) == measure_collapse(model, batches)
    assert gauge.measure(batches) != before


def test_batches_and_samples_change_little(prepared, batches):
    model = drawn(make_model(prepared))
    whole = {name: np.concatenate([b[name] for b in batches]) for name in batches[0]}
    one, two = measure_collapse(model, [whole])[-1], measure_collapse(model, batches)[-1]
    assert one == pytest.approx(two, abs=1e-5)
    every_second = {name: ids[::2] for name, ids in whole.items()}
    kept = measure_collapse(model, batches, sample=30)[-1]
    assert kept == pytest.approx(measure_collapse(model, [every_second])[-1], abs=1e-5)


@pytest.mark.long("jax")
def test_half_precision_is_near(prepared, batches):
    keras.utils.set_random_seed(0)
    model = make_model(prepared)
    half = from_spec(
        prepared.spec, data=prepared, **SMALL, **{"training.precision": "mixed_bfloat16"}
    )
    half.set_weights(drawn(model).get_weights())
    assert half.compute_dtype == "bfloat16"
    expected = measure_collapse(model, batches)[-1].task_cosine
    assert measure_collapse(half, batches)[-1].task_cosine == pytest.approx(expected, abs=0.05)


def test_no_batches_are_refused(prepared):
    with pytest.raises(DataError, match="none were given"):
        measure_collapse(make_model(prepared), [])
