import functools
import itertools
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.models import INFNet
from infnet_keras.spec import override_spec, spec_from_dict
from infnet_keras.testing import random_inputs
from infnet_keras.testing.run_model import run_function

TABLE_ROWS = {"user": 12, "video": 15, "tag": 7, "hour": 26}
SPEC = {
    "name": "small",
    "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
    "keys": {"user": "user", "item": "video_id"},
    "tables": {"video": {"vocabulary": {}}, "tag": {"vocabulary": {}, "dim": 4}},
    "fields": {
        "user": {"side": "user", "vocabulary": {}},
        "video_id": {"side": "item", "table": "video"},
        "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 3},
        "hour": {"side": "context", "derive": "hour_of_day"},
    },
    "sequences": {
        "view": {"length": 4, "attributes": {"video_id": "video", "tag": "tag"}},
        "click": {"length": 3, "when": "click == 1", "attributes": {"video_id": "video"}},
    },
    "tasks": {"click": {"label": "click"}, "like": {"label": "like"}},
    "model": {"dim": 8, "blocks": 2, "tower_hidden": [6]},
}


def make_spec(**options):
    return override_spec(spec_from_dict(SPEC), {f"model.{k}": v for k, v in options.items()})


def make_model(spec=None, dtype="float32", scale=0.4):
    """Built, with weights large enough for outputs to depend on everything."""
    spec = spec or make_spec()
    model = INFNet(spec, {name: TABLE_ROWS[name] for name in spec.all_tables}, dtype=dtype)
    model.build()
    draws = np.random.default_rng(5)
    for variable in model.trainable_variables:
        variable.assign(draws.normal(0.0, scale, variable.shape).astype("float32"))
    return model


def numbers(outputs):
    return {name: ops.convert_to_numpy(value) for name, value in outputs.items()}


def compiled(model, inputs):
    """Outputs of the model as Keras compiles it."""
    return model.predict_on_batch(inputs)


def labels_of(inputs):
    """Labels that follow from the inputs; some are missing."""
    click = (inputs["video_id"] % 2).astype("float32")
    like = (inputs["user"] % 3 == 0).astype("float32")
    like[::5] = np.nan
    return {"click": click, "like": like}


def test_fit_learns_and_trains_every_weight():
    spec = make_spec()
    model = INFNet(spec, TABLE_ROWS)
    model.build()
    model.compile(keras.optimizers.Adam(1e-2))
    inputs = random_inputs(spec, TABLE_ROWS, batch=64)
    before = [np.array(ops.convert_to_numpy(v.value)) for v in model.trainable_variables]
    history = model.fit(inputs, labels_of(inputs), batch_size=32, epochs=30, verbose=0)
    losses = history.history["loss"]
    assert losses[-1] < 0.5 * losses[0]
    for variable, old in zip(model.trainable_variables, before, strict=True):
        assert np.any(ops.convert_to_numpy(variable.value) != old), f"{variable.path} never moved"


def test_order_matters_only_with_positions():
    inputs = random_inputs(make_spec(), TABLE_ROWS, batch=4, history="full")
    names = ("view__video_id", "view__tag")
    turned = {**inputs, **{name: inputs[name][:, ::-1].copy() for name in names}}
    for position in (False, True):
        model = make_model(make_spec(sequence_position=position))
        one, other = compiled(model, inputs), compiled(model, turned)
        same = all(np.allclose(one[task], other[task], rtol=1e-5) for task in one)
        assert same is not position


def row_wise(inputs, items):
    """Every (request, candidate) pair as an example of its own."""
    candidates = inputs["video_id"].shape[1]
    return {
        name: ids.reshape(-1, *ids.shape[2:]) if name in items else ids.repeat(candidates, axis=0)
        for name, ids in inputs.items()
    }


def ranking_inputs(spec, requests=3, candidates=4):
    inputs = random_inputs(spec, TABLE_ROWS, batch=requests)
    rows = random_inputs(spec, TABLE_ROWS, batch=requests * candidates, seed=1)
    items = [name for name, field in spec.fields.items() if field.side == "item"]
    for name in items:
        inputs[name] = rows[name].reshape(requests, candidates, *rows[name].shape[1:])
    return inputs, items


@pytest.mark.parametrize(
    "options",
    [
        {"gate_source": "input", "num_heads": 2, "residual": True, "sequence_proxies": 3},
        {"sequences": False},
    ],
    ids=["options", "no_sequences"],
)
def test_candidates_score_as_they_do_one_by_one(options):
    spec = make_spec(**{k: v for k, v in options.items() if k != "sequences"})
    if options.get("sequences") is False:
        spec = spec_from_dict({**SPEC, "sequences": {}})
    model = make_model(spec)
    inputs, items = ranking_inputs(spec)
    scores = numbers(run_function(model.score_candidates, inputs))
    expected = compiled(model, row_wise(inputs, items))
    for task, values in expected.items():
        assert scores[task].shape == (3, 4)
        np.testing.assert_allclose(scores[task], values.reshape(3, 4), rtol=1e-5)


def test_ranking_needs_candidates():
    fields = {"user": SPEC["fields"]["user"], "hour": SPEC["fields"]["hour"]}
    model = make_model(spec_from_dict({**SPEC, "fields": fields}))
    with pytest.raises(ModelError, match="no field has `side: item`"):
        model.score_candidates({})


@pytest.mark.backend("tensorflow")
def test_graphs_with_unknown_batch_sizes():
    import tensorflow as tf

    model = make_model()
    inputs = random_inputs(model.spec, TABLE_ROWS, batch=5)
    forward = tf.function(
        model,
        input_signature=[
            {k: tf.TensorSpec((None, *v.shape[1:]), tf.int32, name=k) for k, v in inputs.items()}
        ],
    )
    for task, values in numbers(model(inputs)).items():
        np.testing.assert_allclose(numbers(forward(inputs))[task], values, rtol=1e-5)
    ranking, items = ranking_inputs(model.spec)
    signature = {
        k: tf.TensorSpec(
            (None, None, *v.shape[2:]) if k in items else (None, *v.shape[1:]), "int32"
        )
        for k, v in ranking.items()
    }
    rank = tf.function(model.score_candidates, input_signature=[signature])
    for task, values in numbers(model.score_candidates(ranking)).items():
        np.testing.assert_allclose(numbers(rank(ranking))[task], values, rtol=1e-5)


def test_blocks_say_what_they_did():
    model = make_model(make_spec(num_heads=2))
    inputs = random_inputs(model.spec, TABLE_ROWS, batch=5)
    outputs, blocks = run_function(functools.partial(model, return_blocks=True), inputs)
    expected = compiled(model, inputs)
    for task, values in numbers(outputs).items():
        np.testing.assert_allclose(values, expected[task], rtol=1e-5)
    assert len(blocks) == 2
    valid = np.concatenate(
        [inputs["view__video_id"], inputs["view__tag"][..., 0], inputs["click__video_id"]], axis=1
    ).astype(bool)
    rows = {"tasks": 2, "shared_tasks": 2, "sequence_proxies": 3, "categorical_proxies": 4}
    for index, block in enumerate(blocks):
        assert tuple(block["tasks"].shape) == (5, 2, 8)
        assert tuple(block["categorical_proxies"].shape) == (5, 4, 8)
        assert set(block) == {"tasks", "categorical_proxies", "attention"}
        for kind, tokens in (("categorical", 4), ("sequence", 11)):
            sets = {"tasks", "shared_tasks"}
            if index == 0:
                sets.add("sequence_proxies" if kind == "categorical" else "categorical_proxies")
            assert set(block["attention"][kind]) == sets
            for name, weights in numbers(block["attention"][kind]).items():
                assert weights.shape == (5, 2, rows[name], tokens)
                some = np.ones(5) if kind == "categorical" else valid.any(axis=1)
                total = np.broadcast_to(some[:, None, None], weights.shape[:3])
                np.testing.assert_allclose(weights.sum(axis=-1), total, atol=1e-5)
                if kind == "sequence":
                    assert not weights[~np.broadcast_to(valid[:, None, None], weights.shape)].any()


def test_the_last_blocks_tasks_are_what_the_towers_read():
    model = make_model(make_spec(towers_read="tasks"))
    inputs = random_inputs(model.spec, TABLE_ROWS, batch=5)
    outputs, blocks = run_function(functools.partial(model, return_blocks=True), inputs)
    for task, values in numbers(run_function(model.answers, blocks[-1]["tasks"])).items():
        np.testing.assert_allclose(numbers(outputs)[task], values, rtol=1e-5)


def test_token_weights_are_those_of_the_positions():
    model = make_model()
    inputs = random_inputs(model.spec, TABLE_ROWS, batch=5, history="full")
    positions = model.spec.model.positions(model.spec)
    weights = ops.convert_to_numpy(run_function(model.token_weights, inputs))
    assert model.attends
    assert weights.shape == (5, 4, len(positions))  # of two tasks and two shared tokens
    fields = [position.step is None for position in positions]
    np.testing.assert_allclose(weights[..., fields].sum(-1), 1.0, rtol=1e-5)
    np.testing.assert_allclose(weights[..., ~np.array(fields)].sum(-1), 1.0, rtol=1e-5)


def test_without_attention_there_are_no_token_weights():
    model = make_model(make_spec(without="attention"))
    assert not model.attends
    assert model.spec.model.positions(model.spec) == []
    assert model.token_weights(random_inputs(model.spec, TABLE_ROWS, batch=2)) is None


@pytest.mark.backend("torch")
@pytest.mark.parametrize(
    ("gate_source", "residual", "proxy_norm", "blocks", "sequences"),
    [
        *itertools.product(
            ("output", "input"), (False, True), ("none", "layer"), (2, 3), (True, False)
        )
    ],
)
def test_every_weight_gets_a_gradient(gate_source, residual, proxy_norm, blocks, sequences):
    """What reaches the towers is a matter of structure: one backend shows it."""
    import torch

    model_options = {
        **SPEC["model"],
        "gate_source": gate_source,
        "residual": residual,
        "proxy_norm": proxy_norm,
        "blocks": blocks,
        "sequence_position": True,
        "sequence_proxies": 2,
    }
    changes = {"model": model_options} | ({} if sequences else {"sequences": {}})
    model = make_model(spec_from_dict({**SPEC, **changes}))
    outputs = model(random_inputs(model.spec, TABLE_ROWS, batch=6))
    torch.stack(list(outputs.values())).sum().backward()
    for variable in model.trainable_variables:
        gradient = variable.value.grad
        assert gradient is not None, f"{variable.path} reaches nothing"
        assert gradient.abs().max() > 0, f"{variable.path} reaches nothing"


OTHER_BACKEND = {"tensorflow": "torch", "jax": "tensorflow", "torch": "jax"}
LOAD = """
import sys
import keras, numpy as np
from infnet_keras.models import INFNet
model = keras.models.load_model(sys.argv[1])
inputs = dict(np.load(sys.argv[2]))
np.savez(sys.argv[3], **model.predict_on_batch(inputs))
"""


@pytest.mark.long("tensorflow", "jax")
def test_file_crosses_backends(tmp_path):
    model = make_model(dtype="float32")
    model.compile("adam")
    inputs = random_inputs(model.spec, TABLE_ROWS, batch=4)
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "inputs.npz", **inputs)
    files = [str(tmp_path / name) for name in ("model.keras", "inputs.npz", "outputs.npz")]
    backend = OTHER_BACKEND[keras.backend.backend()]
    environment = {**os.environ, "KERAS_BACKEND": backend}
    subprocess.run([sys.executable, "-c", LOAD, *files], check=True, env=environment)
    found = np.load(tmp_path / "outputs.npz")
    for task, values in compiled(model, inputs).items():
        np.testing.assert_allclose(found[task], values, atol=1e-6)


@pytest.mark.parametrize("without", ["task_tokens", "gates", "attention"])
@pytest.mark.parametrize("towers_read", ["tasks", "tasks_and_proxies"])
@pytest.mark.backend("torch")
def test_every_weight_of_an_ablation_gets_a_gradient(without, towers_read):
    import torch

    model = make_model(make_spec(without=without, towers_read=towers_read, output_gate=True))
    outputs = model(random_inputs(model.spec, TABLE_ROWS, batch=6))
    torch.stack(list(outputs.values())).sum().backward()
    idle = [v.path for v in model.trainable_variables if v.value.grad is None]
    assert idle == []


def test_the_spec_of_another_model_is_refused():
    spec = override_spec(make_spec(), {"model.type": "shared_bottom"})
    with pytest.raises(ModelError, match="describes a model of type shared_bottom, not INFNet"):
        INFNet(spec, TABLE_ROWS).build()


def test_mistakes_are_named():
    spec = make_spec()
    with pytest.raises(ModelError, match="table_rows says nothing of hour, tag"):
        INFNet(spec, {"user": 3, "video": 3})
    model = make_model(spec)
    inputs = random_inputs(spec, TABLE_ROWS, batch=2)
    del inputs["tag"]
    with pytest.raises(ModelError, match="no input tag; given: user, video_id"):
        model(inputs)
