"""Every registered model passes `run_model_test`."""

import os

import keras
import pytest

from infnet_keras.models import MODELS
from infnet_keras.spec.models import model_options
from infnet_keras.testing import run_model_test

SMALL = {  # that a test takes seconds
    "infnet": {"blocks": 2},
    "mmoe": {"experts": 3, "expert_hidden": [12, 8]},
    "omoe": {"experts": 3, "expert_hidden": [12, 8]},
    "ple": {"expert_hidden": [16]},
    "aitm": {"bottom_hidden": [16, 12]},
    "din_dcnv2_ple": {"rank": 4, "experts": 2, "expert_hidden": [16]},
    "stem": {"task_experts": 2, "shared_experts": 2, "expert_hidden": [16]},
}
OTHERS = {
    "infnet": [
        {"blocks": 2, "tokens": "fused", "gate_source": "input", "num_heads": 2},
        {"blocks": 2, "variant": "paper", "without": "attention", "entry_norm": "layer"},
        {"blocks": 2, "variant": "v2"},
    ],
    "ple": [{"levels": 1, "expert_hidden": [16]}],
    "aitm": [{"task_order": ["like", "click"], "calibrator_weight": 0.0}],
    "din": [{"attention": "softmax", "attention_hidden": [6, 5]}],
    "hstu": [{"history": "click", "num_heads": 2, "blocks": 3}],
}


# JAX compiles a model for a minute: there those that have least in common, all of them in
# `make test-long`.
KINDS = ("infnet", "dien", "hstu", "stem")
ALL = keras.backend.backend() != "jax" or os.environ.get("EVERY_MODEL") == "1"


@pytest.mark.parametrize("name", [name for name in MODELS if ALL or name in KINDS])
def test_rules(name, tmp_path):
    run_model_test(name, tmp_path, SMALL.get(name))


@pytest.mark.backend("torch")  # the parity tests run them on the others
@pytest.mark.parametrize(
    ("name", "options"),
    [(name, options) for name, several in OTHERS.items() for options in several],
)
def test_rules_under_other_options(name, options, tmp_path):
    run_model_test(name, tmp_path, options)


def test_every_model_has_options_and_every_option_a_model():
    assert list(MODELS) == list(model_options())
