"""The references compute what INFNet computes, in value and gradient, on the running backend."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.benchmark.frameworks.framework import arrays, steps
from infnet_keras.benchmark.keras_contenders import blocks_of, built_model
from infnet_keras.benchmark.multi_head.multi_head_infnet import MultiHeadINFNet
from infnet_keras.benchmark.plain.plain_infnet import PlainINFNet
from infnet_keras.benchmark.plain.plain_weights import plain_weights
from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of, spec_of
from infnet_keras.models import INFNet
from infnet_keras.spec import override_spec
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights

BATCH = 6
SETTING = Setting("qb", width=8, batch=BATCH, blocks=3, history=0.1, vocabulary=0.0)
VARIANTS = {"default": {}, "paper": {"model.variant": "paper", "model.blocks": 2}}
CLOSE = {"rtol": 1e-5, "atol": 1e-5}


@pytest.fixture(params=VARIANTS, scope="module")
def model(request):
    spec = override_spec(spec_of(SETTING), VARIANTS[request.param])
    model = built_model(spec, INFNet)
    draw_weights(model)
    return model


def tokens_and_mask(model):
    """Proxies and tokens; the first example's history is empty, the second's is full."""
    draws = np.random.default_rng(1)
    length = sum(each.length for each in model.token_inputs)
    rows = {"categorical": 5, "categorical_proxies": 4, "sequence": length}
    rows |= {"sequence_proxies": 12, "shared_tasks": 2, "tasks": 4}
    tokens = {
        name: ops.convert_to_tensor(draws.normal(size=(BATCH, count, 8)).astype("float32"))
        for name, count in rows.items()
    }
    mask = draws.random((BATCH, length)) < 0.6
    mask[:2] = [[False], [True]]
    return tokens, ops.convert_to_tensor(mask)


def numbers(value):
    return np.array(ops.convert_to_numpy(value))


def of_blocks(model):
    return {v.path: v.value for block in model.blocks for v in block.trainable_variables}


@pytest.mark.long("tensorflow", "jax")
def test_the_blocks_have_the_values_and_gradients_of_the_formulas(model):
    tokens, mask = tokens_and_mask(model)
    plain = {n: v for n, v in plain_weights(model).items() if n.startswith("block_")}
    formulas = PlainINFNet(model.spec, arrays()).blocks
    ours, theirs = of_blocks(model), steps().own(plain, tokens)
    found = steps().forward(blocks_of(model, in_training=False), ours, tokens, mask)()
    expected = steps().forward(formulas, theirs, tokens, mask)()
    assert np.ptp(numbers(expected)) > 0.1
    np.testing.assert_allclose(numbers(found), numbers(expected), **CLOSE)

    slopes = steps().gradients(blocks_of(model, in_training=True), ours, tokens, mask)()
    expected = dict(
        zip([*theirs, *tokens], steps().gradients(formulas, theirs, tokens, mask)(), strict=True)
    )
    by_path = dict(zip(ours, slopes, strict=False))
    named = plain_weights(model, [by_path.get(v.path, v.value) for v in model.trainable_variables])
    named |= dict(zip(tokens, slopes[len(ours) :], strict=True))
    for name, each in expected.items():
        scale = max(1.0, np.abs(numbers(each)).max())
        np.testing.assert_allclose(
            numbers(named[name]) / scale, numbers(each) / scale, **CLOSE, err_msg=name
        )


@pytest.mark.long("tensorflow", "jax")
def test_the_model_has_the_answers_and_the_training_step_of_the_formulas(model):
    spec = model.spec
    ids = random_inputs(spec, rows_of(spec), BATCH)
    labels = np.random.default_rng(2).integers(0, 2, (BATCH, 4)).astype("float32")
    inputs = {name: ops.convert_to_tensor(each) for name, each in ids.items()}
    formulas = PlainINFNet(spec, arrays())
    before = plain_weights(model)
    theirs = steps().own(before, inputs)
    expected = steps().forward(formulas.probabilities, theirs, inputs)()
    answers = model.predict_on_batch(inputs)
    found = np.stack([answers[task] for task in spec.tasks], axis=1)
    np.testing.assert_allclose(found, numbers(expected), **CLOSE)

    def loss(weights, tokens, batch):
        return formulas.loss(weights, batch)

    slopes = steps().gradients(loss, theirs, {}, (inputs, ops.convert_to_tensor(labels)))()
    # A step of plain gradient descent at rate 1: what a weight moves by is its gradient.
    model.compile(keras.optimizers.SGD(1.0))
    model.train_on_batch(inputs, {t: labels[:, i] for i, t in enumerate(spec.tasks)})
    after = plain_weights(model)
    for name, slope in zip(theirs, slopes, strict=True):
        moved = before[name] - after[name]
        np.testing.assert_allclose(
            moved, numbers(ops.convert_to_tensor(slope)), **CLOSE, err_msg=name
        )


@pytest.mark.long("tensorflow", "jax")
def test_keras_attention_with_an_identity_behind_it_is_the_same_function(model):
    other = built_model(model.spec, MultiHeadINFNet)
    matrices = plain_weights(model)
    shared = {v.path.partition("/")[2]: v for v in model.trainable_variables}
    for variable in other.trainable_variables:
        path = variable.path.partition("/")[2]
        if path in shared:
            variable.assign(shared[path].value)
            continue
        block, attention, *rest = path.split("/")
        kind = attention.removesuffix("_attention")
        names = next(b for b in model.blocks if b.name == block).queries[kind]
        use = f"{block}/{kind}/{names[int(rest[0].rpartition('_')[2])]}"
        if rest[0].startswith("gate_"):
            variable.assign(matrices[f"{use}/gate"])
        elif rest[1] == "attention_output":
            variable.assign(np.eye(8, dtype="float32")[None])
        else:
            variable.assign(matrices[f"{use}/{rest[1]}"][:, None, :])
    tokens, mask = tokens_and_mask(model)
    found, expected = (
        steps().forward(blocks_of(each, in_training=False), of_blocks(each), tokens, mask)()
        for each in (other, model)
    )
    np.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-4, atol=1e-5)
