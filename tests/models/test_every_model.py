"""Every registered model passes `run_model_test`."""

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
    # With a tower of 6, all of them are 0 for 9 of the 12 examples of a task.
    "din": [{"attention": "softmax", "attention_hidden": [6, 5], "tower_hidden": [12]}],
    "hstu": [{"history": "click", "num_heads": 2, "blocks": 3}],
}


# Where a model compiles for long, those that have least in common speak for the others.
KINDS = ("infnet", "hstu")
REST = pytest.mark.long("tensorflow", "jax")


@pytest.mark.parametrize(
    "name", [name if name in KINDS else pytest.param(name, marks=REST) for name in MODELS]
)
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
