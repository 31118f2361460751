"""Each baseline equals a plain transcription of its equations, values and gradients."""

import re

import keras
import numpy as np
import pytest
from aitm_formulas import NumpyAITM
from autodiff import value_and_gradients
from dcnv2_formulas import NumpyDCNv2
from dien_formulas import NumpyDIEN
from din_dcnv2_ple_formulas import NumpyDINDCNv2PLE
from din_formulas import NumpyDIN
from fm_formulas import NumpyFM
from gdcn_formulas import NumpyGDCN
from hstu_formulas import NumpyHSTU
from keras import ops
from mmoe_formulas import NumpyMMoE
from omoe_formulas import NumpyOMoE
from ple_formulas import NumpyPLE
from stem_formulas import NumpySTEM
from wukong_formulas import NumpyWuKong

from infnet_keras.models import MODELS
from infnet_keras.spec import spec_from_dict
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights

ROWS = {"user": 9, "video": 11, "tag": 7, "music": 6, "hour": 26, "gap": 5}
STEP = 1e-6
TORCH = keras.backend.backend() == "torch"  # keras.ops hold 1e-7 in float64 there
# What is differentiated is a weighted sum, so that no two outputs cancel.
OUTPUT_WEIGHTS = np.random.default_rng(7).uniform(0.5, 1.5, (5, 3))
NO_HISTORY = {"sequences": {}}
# An attribute whose column no field reads, of an item field's table; behaviours with attributes
# that no field compares with.
ODD_PAIRS = {
    "sequences": {
        "view": {
            "length": 4,
            "attributes": {"music": "music", "earlier_video": "video", "tag": "tag"},
        },
        "heard": {"length": 3, "attributes": {"music": "music"}},
    }
}
# Two behaviours in one order, and one whose mean is a token; attributes that one of them lacks.
IN_TIME_ORDER = {
    "sequences": {
        "view": {
            "length": 4,
            "attributes": {"video_id": "video", "tag": "tag"},
            "time_gap": "gap",
        },
        "heard": {"length": 3, "attributes": {"music": "music"}},
        "click": {"length": 3, "attributes": {"video_id": "video"}, "time_gap": "gap"},
    }
}
CASES = {
    "mmoe": ("mmoe", {"experts": 3, "expert_hidden": [6, 5]}),
    "omoe": ("omoe", {"experts": 3, "expert_hidden": [6]}),
    "ple": (
        "ple",
        {"levels": 3, "task_experts": 2, "shared_experts": 3, "expert_hidden": [8]},
    ),
    "ple_cgc": ("ple", {"levels": 1, "task_experts": 1, "shared_experts": 1}),
    "stem": ("stem", {"task_experts": 2, "shared_experts": 2, "expert_hidden": [8, 6]}),
    "aitm": ("aitm", {"bottom_hidden": [8, 6]}),
    "aitm_in_another_order": (
        "aitm",
        {"bottom_hidden": [8, 6], "task_order": ["follow", "click", "like"]},
    ),
    "dcnv2": ("dcnv2", {"rank": 3, "experts": 2, "deep_hidden": [6, 5]}),
    "dcnv2_one_expert": (
        "dcnv2",
        {"rank": 2, "experts": 1, "cross_layers": 1, **NO_HISTORY},
    ),
    "fm": ("fm", {}),
    "fm_alone": ("fm", {"tower_hidden": [], **NO_HISTORY}),
    "gdcn": ("gdcn", {"cross_layers": 2, "deep_hidden": [6]}),
    "gdcn_no_history": ("gdcn", {"cross_layers": 1, "deep_hidden": [6, 5], **NO_HISTORY}),
    "wukong": (
        "wukong",
        {"layers": 2, "fm_vectors": 3, "linear_vectors": 2, "rank": 4, "fm_hidden": [5]},
    ),
    "wukong_no_history": (
        "wukong",
        {"layers": 1, "fm_vectors": 3, "linear_vectors": 1, "rank": 2, "fm_hidden": []}
        | NO_HISTORY,
    ),
    "din": ("din", {"attention_hidden": [5], "deep_hidden": [6]}),
    "din_softmax": (
        "din",
        {"attention_hidden": [5, 4], "attention": "softmax", "deep_hidden": [6], **ODD_PAIRS},
    ),
    "din_no_history": ("din", {"deep_hidden": [6], **NO_HISTORY}),
    "dien": ("dien", {"deep_hidden": [6]}),
    "dien_odd_pairs": ("dien", {"deep_hidden": [6], **ODD_PAIRS}),
    "hstu": ("hstu", {"num_heads": 2}),
    "hstu_odd_pairs": ("hstu", {"history": "view", "blocks": 1, **ODD_PAIRS}),
    "hstu_other_history": ("hstu", {"history": "click", "blocks": 3}),
    "hstu_no_history": ("hstu", NO_HISTORY),
    "hstu_in_time_order": ("hstu", {"num_heads": 2, **IN_TIME_ORDER}),
    "hstu_one_of_them": ("hstu", {"history": "click", "blocks": 1, **IN_TIME_ORDER}),
    "din_dcnv2_ple": (
        "din_dcnv2_ple",
        {"attention_hidden": [5], "rank": 3, "experts": 2, "cross_layers": 2, "expert_hidden": [6]},
    ),
    "din_dcnv2_ple_odd_pairs": (
        "din_dcnv2_ple",
        {"attention": "softmax", "rank": 2, "experts": 1, "cross_layers": 1, "levels": 1}
        | {"expert_hidden": [6, 5], "task_experts": 1, "shared_experts": 3, **ODD_PAIRS},
    ),
    "din_dcnv2_ple_no_history": (
        "din_dcnv2_ple",
        {"rank": 3, "experts": 2, "cross_layers": 1, "expert_hidden": [6], **NO_HISTORY},
    ),
}
FORMULAS = {
    "aitm": NumpyAITM,
    "dcnv2": NumpyDCNv2,
    "dien": NumpyDIEN,
    "din": NumpyDIN,
    "din_dcnv2_ple": NumpyDINDCNv2PLE,
    "fm": NumpyFM,
    "gdcn": NumpyGDCN,
    "hstu": NumpyHSTU,
    "mmoe": NumpyMMoE,
    "omoe": NumpyOMoE,
    "ple": NumpyPLE,
    "stem": NumpySTEM,
    "wukong": NumpyWuKong,
}


def make_spec(name, options):
    options = dict(options)
    video = {"video_id": "video", "tag": "tag"}
    sequences = {
        "view": {"length": 4, "attributes": {**video, "music": "music"}},
        "click": {"length": 3, "when": "click == 1", "attributes": {"video_id": "video"}},
    }
    return spec_from_dict(
        {
            "name": "parity",
            "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
            "keys": {"user": "user", "item": "video_id"},
            # A table of another width: its rows are projected.
            "tables": {
                "video": {"vocabulary": {}},
                "tag": {"vocabulary": {}, "dim": 4},
                "music": {"hash": 4},
                "gap": {"boundaries": [60, 3600]},
            },
            "fields": {
                "user": {"side": "user", "vocabulary": {}},
                "video_id": {"side": "item", "table": "video"},
                "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 3},
                "hour": {"side": "context", "derive": "hour_of_day"},
            },
            "sequences": options.pop("sequences", sequences),
            "tasks": {name: {"label": name} for name in ("click", "like", "follow")},
            "model": {"dim": 6, "tower_hidden": [4], **options, "type": name},
        }
    )


def make_model(spec, dtype):
    rows = {name: ROWS[name] for name in spec.all_tables}
    model = MODELS[spec.model.type](spec, rows, dtype=dtype)
    model.build()
    draw_weights(model)
    for weight in model.trainable_variables:
        # What is weighed is too much alike otherwise; what weighs would be all or nothing.
        if re.search("(experts|bottoms)/kernel|/transfer$|/value$", weight.path):
            weight.assign(2.0 * weight.value)
    return model, rows


def formula_results(spec, rows, weights, inputs, still=None):
    return FORMULAS[spec.model.type](spec, rows, weights, still).probabilities(inputs)


def weights_of(model):
    """Values in float64, by path without the model's name."""
    return {
        variable.path.split("/", 1)[1]: np.array(ops.convert_to_numpy(variable.value), "float64")
        for variable in model.trainable_variables
    }


@pytest.fixture(autouse=True)
def _jax_settings():
    """JAX knows float64 only on request."""
    if keras.backend.backend() != "jax":
        yield
        return
    import jax

    jax.config.update("jax_enable_x64", True)
    yield
    jax.config.update("jax_enable_x64", False)


@pytest.mark.long("jax")
@pytest.mark.parametrize("case", CASES)
def test_answers_are_those_of_the_formulas(case):
    spec = make_spec(*CASES[case])
    model, rows = make_model(spec, "float32")
    inputs = random_inputs(spec, ROWS, batch=5, seed=5)
    expected = formula_results(spec, rows, weights_of(model), inputs)
    assert np.ptp(expected, axis=0).min() > 1e-3, "the examples are too much alike to tell"
    found = model.predict_on_batch(inputs)
    found = np.stack([np.asarray(found[task]) for task in model.tasks], axis=1)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_gradients_are_those_of_the_formulas(case):
    """In float64, along a random direction of every weight, against central differences."""
    spec = make_spec(*CASES[case])
    model, rows = make_model(spec, "float64")
    inputs = random_inputs(spec, ROWS, batch=5, seed=5)
    rest = [variable.value for variable in model.non_trainable_variables]

    def outputs(tensors):
        answers, _ = model.stateless_call(tensors, rest, inputs)
        return ops.stack([answers[task] for task in model.tasks], axis=1)

    tensors = [ops.convert_to_tensor(variable.value) for variable in model.trainable_variables]
    found, gradients = value_and_gradients(outputs, tensors, OUTPUT_WEIGHTS)
    weights = weights_of(model)
    expected = formula_results(spec, rows, weights, inputs)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-6 if TORCH else 1e-10)
    draws = np.random.default_rng(1)
    for (path, value), gradient in zip(weights.items(), gradients, strict=True):
        assert np.abs(gradient).max() > 0.0, f"{path} gets no gradient"
        direction = draws.normal(size=value.shape)
        direction *= 1.0 / np.linalg.norm(direction)
        after, before = (
            formula_results(
                spec, rows, {**weights, path: value + step * direction}, inputs, still=weights
            )
            for step in (STEP, -STEP)
        )
        slope = ((after - before) * OUTPUT_WEIGHTS).sum() / (2 * STEP)
        error = abs((gradient * direction).sum() - slope) / np.linalg.norm(gradient)
        assert error < (1e-5 if TORCH else 1e-6), f"{path}: off by {error} of its norm"
