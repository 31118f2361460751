"""INFNet equals the paper's formulas, values and gradients, under every option."""

import re

import keras
import numpy as np
import pytest
import torch
from autodiff import value_and_gradients
from infnet_formulas import probabilities
from infnet_v2_formulas import probabilities_v2
from keras import ops

from infnet_keras.models import INFNet
from infnet_keras.spec import spec_from_dict
from infnet_keras.testing import random_inputs

TABLE_ROWS = {"user": 9, "video": 11, "tag": 7, "music": 6, "hour": 26}
# What is differentiated is a weighted sum, so that no two outputs cancel.
OUTPUT_WEIGHTS = np.random.default_rng(7).uniform(0.5, 1.5, (5, 3))
# `variant: paper` is the formulas as they are printed; each case changes one thing of it.
CASES = {
    "paper": {},
    "two_blocks": {"blocks": 2},
    "input": {"gate_source": "input"},
    "input_two_blocks": {"gate_source": "input", "blocks": 2},
    "residual": {"residual": True},
    "norm": {"proxy_norm": "layer"},
    "entry_norm": {"entry_norm": "layer"},
    "heads": {"num_heads": 2},
    "silu": {"attention": "silu"},
    "output_gate": {"output_gate": True},
    "read_proxies": {"towers_read": "tasks_and_proxies"},
    "mixed_proxies": {"sequence_proxies": 2},
    "hidden": {
        "blocks": 2,
        "categorical_hidden": [5, 6],
        "sequence_hidden": [6],
        "gate_hidden": [],
        "tower_hidden": [4],
    },
    "no_hidden": {"categorical_hidden": [], "tower_hidden": [], "shared_task_tokens": 1},
    "position": {"sequence_position": True},
    "fused": {"tokens": "fused"},
    "no_sequences": {"sequences": {}},
    "no_sequences_input": {
        "sequences": {},
        "gate_source": "input",
        "residual": True,
        "blocks": 2,
    },
    "shipped": {"variant": "default"},
    "without_task_tokens": {"without": "task_tokens"},
    "without_gates": {"without": "gates"},
    "without_attention": {"without": "attention"},
    "shipped_without_task_tokens": {"variant": "default", "without": "task_tokens"},
    "shipped_without_gates": {"variant": "default", "without": "gates"},
    "shipped_without_attention": {"variant": "default", "without": "attention"},
    "everything": {
        "tokens": "fused",
        "gate_source": "input",
        "residual": True,
        "proxy_norm": "layer",
        "num_heads": 4,
        "sequence_proxies": 3,
        "sequence_position": True,
        "sequence_hidden": [6],
        "entry_norm": "layer",
        "output_gate": True,
        "towers_read": "tasks_and_proxies",
    },
    "everything_output": {
        "blocks": 2,
        "residual": True,
        "proxy_norm": "layer",
        "num_heads": 2,
        "attention": "silu",
        "sequence_proxies": 1,
        "sequence_position": True,
        "categorical_proxies": 1,
    },
    "v2": {"variant": "v2", "blocks": 2, "entry_norm": "layer"},
    "v2_three_blocks": {"variant": "v2", "num_heads": 2, "attention": "silu"},
    "v2_no_sequences": {"variant": "v2", "sequences": {}, "blocks": 2, "gate_hidden": [5]},
    "v2_without_task_tokens": {"variant": "v2", "without": "task_tokens", "blocks": 2},
    "v2_everything": {
        "variant": "v2",
        "blocks": 2,
        "tokens": "fused",
        "num_heads": 2,
        "attention": "silu",
        "output_gate": True,
        "entry_norm": "layer",
        "sequence_proxies": 2,
        "sequence_position": False,
        "gate_hidden": [6],
        "towers_read": "tasks_and_proxies",
    },
}
UNIFORM = re.compile("tasks_attention/(query|key)$")
# Between them, every value of every option.
JOINED_CASES = [
    "paper",
    "everything",
    "everything_output",
    "hidden",
    "no_sequences_input",
    "shipped_without_task_tokens",
    "without_gates",
    "without_attention",
    "v2",
    "v2_everything",
]


def make_spec(case):
    options = {**CASES[case]}
    video = {"video_id": "video", "tag": "tag"}
    fused = options.get("tokens") == "fused"
    return spec_from_dict(
        {
            "name": "parity",
            "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
            "keys": {"user": "user", "item": "video_id"},
            # A table of another width: its rows are projected (fused attributes need one width).
            "tables": {
                "video": {"vocabulary": {}},
                "tag": {"vocabulary": {}, "dim": 8 if fused else 4},
            },
            "fields": {
                "user": {"side": "user", "vocabulary": {}},
                "video_id": {"side": "item", "table": "video"},
                "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 3},
                "music": {
                    "side": "item",
                    "hash": 4,
                    "multivalue": "|",
                    "pooling": "sum",
                    "max_values": 2,
                },
                "hour": {"side": "context", "derive": "hour_of_day"},
            },
            "sequences": options.pop(
                "sequences",
                {
                    "view": {"length": 4, "attributes": video},
                    "click": {"length": 3, "when": "click == 1", "attributes": video},
                },
            ),
            "tasks": {name: {"label": name} for name in ("click", "like", "follow")},
            "model": {"dim": 8, "variant": "paper", **options},
        }
    )


def make_model(spec, dtype):
    rows = {name: TABLE_ROWS[name] for name in spec.all_tables}
    model = INFNet(spec, rows, dtype=dtype)
    model.build()
    draws = np.random.default_rng(3)
    values = []
    for variable in model.trainable_variables:
        # Attention far from uniform, so that no gradient is the small rest of a cancellation, of
        # which float32 would hold few digits.
        kind = variable.path.rsplit("/", 1)[-1]
        scale = {"query": 0.8, "key": 0.8, "value": 0.7}.get(kind, 0.3)
        values.append(draws.normal(0.0, scale, variable.shape))
        variable.assign(values[-1].astype(variable.dtype))
    return model, rows, values


def model_results(model, inputs):
    """Probabilities [batch, tasks] and gradients of every trainable variable."""
    rest = [variable.value for variable in model.non_trainable_variables]

    def outputs(tensors):
        answers, _ = model.stateless_call(tensors, rest, inputs)
        return ops.stack(list(answers.values()), axis=1)

    tensors = [ops.convert_to_tensor(variable.value) for variable in model.trainable_variables]
    return value_and_gradients(outputs, tensors, OUTPUT_WEIGHTS)


def formula_results(spec, rows, model, values, inputs):
    paths = [variable.path.removeprefix("infnet/") for variable in model.trainable_variables]
    tensors = [torch.tensor(value, requires_grad=True) for value in values]
    formulas = probabilities_v2 if spec.model.variant == "v2" else probabilities
    output = formulas(spec, rows, dict(zip(paths, tensors, strict=True)), inputs)
    total = (output * torch.tensor(OUTPUT_WEIGHTS)).sum()
    gradients = torch.autograd.grad(total, tensors)
    return output.detach().numpy(), [gradient.numpy() for gradient in gradients]


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


def assert_close(found, expected, tolerance, what):
    scale = max(np.abs(expected).max(), 1e-30)
    error = np.abs(found - expected).max() / scale
    assert error <= tolerance, f"{what}: {error:.2e} of the largest value {scale:.2e}"


def runs():
    """Every case in float32 and float64, as far as the backend goes.

    keras.ops on torch holds 1e-7 in float64. The others compile each run for seconds: there the
    cases that join several options stand for the ones that show which option is wrong.
    """
    for case in CASES:
        marks = [] if case in JOINED_CASES else [pytest.mark.long("tensorflow", "jax")]
        if keras.backend.backend() != "torch":
            yield pytest.param(case, "float64", 1e-10, marks=[*marks, pytest.mark.long("jax")])
        yield pytest.param(case, "float32", 1e-5, marks=marks)


@pytest.mark.parametrize(("case", "dtype", "tolerance"), list(runs()))
def test_equals_the_formulas(case, dtype, tolerance):
    spec = make_spec(case)
    inputs = random_inputs(spec, TABLE_ROWS, batch=5, seed=5)
    model, rows, values = make_model(spec, dtype)
    expected, expected_gradients = formula_results(spec, rows, model, values, inputs)
    found, gradients = model_results(model, inputs)
    assert_close(found, expected, tolerance, "probabilities")
    for variable, gradient, reference in zip(
        model.trainable_variables, gradients, expected_gradients, strict=True
    ):
        if spec.model.without == "task_tokens" and UNIFORM.search(variable.path):
            # All rows of T are equal for ever, and so are the scores of any query.
            np.testing.assert_allclose(gradient, 0.0, atol=1e-6, err_msg=variable.path)
            continue
        assert np.abs(gradient).max() > 0.0, f"{variable.path} gets no gradient"
        assert_close(gradient, reference, tolerance, variable.path)
