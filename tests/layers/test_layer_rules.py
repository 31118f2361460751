"""Every layer passes `run_layer_test`."""

import keras
import numpy as np
import pytest

from infnet_keras import layers
from infnet_keras.testing import run_layer_test

BATCH, DIM = 4, 8


def values(*shape):
    return np.random.default_rng(sum(shape)).normal(size=(BATCH, *shape)).astype("float32")


def some_missing(*shape):
    numbers = values(*shape)
    numbers[1] = np.nan
    return numbers


def prefix_mask(length):
    """Histories of 0, full and other lengths."""
    return np.arange(length) < np.array([[0], [length], [1], [length - 1]])


def state(**gates):
    return {
        "categorical": values(5, DIM),
        "sequence": values(6, DIM),
        "sequence_mask": prefix_mask(6),
        "categorical_proxies": values(3, DIM),
        "sequence_proxies": values(2, DIM),
        "shared_tasks": values(2, DIM),
        "tasks": values(3, DIM),
        **{name: np.abs(values(DIM)) for name in gates},
    }


CASES = {
    "number_embedding": (layers.NumberEmbedding, {"dim": DIM}, {"numbers": some_missing(1)}),
    "number_embedding_periodic": (
        layers.NumberEmbedding,
        {"dim": DIM, "frequencies": 5, "frequency_scale": 0.2, "initializer": "ones"},
        {"numbers": some_missing(2)},
    ),
    "embedding_tables": (
        layers.EmbeddingTables,
        {
            "rows": {"video": 9, "tag": 5, "unread": 3},
            "dim": DIM,
            "dims": {"tag": 4},
            "lookups": {"video_id": "video", "views": "video", "tags": "tag"},
            "first_value_ids": {"video": 2},
        },
        {
            "ids": {
                "video_id": np.array([1, 2, 3, 8], "int32"),
                "views": np.arange(12, dtype="int32").reshape(4, 3) % 9,
                "tags": np.ones((4, 2, 3), "int32"),
            }
        },
    ),
    "embedded_inputs": (
        layers.EmbeddedInputs,
        {
            "features": [
                {"name": "item", "table": "item"},
                {"name": "views", "table": "item", "length": 3},
                {"name": "tags", "table": "tag", "max_values": 2},
                {"name": "price", "table": None, "width": 2},
            ],
            "rows": {"item": 9, "tag": 5},
            "dim": DIM,
            "groups": [
                {"name": "embeddings"},
                {"name": "first_order", "width": 1, "project": False, "inputs": ["item", "price"]},
            ],
            "dims": {"tag": 4},
            "first_value_ids": {"item": 2},
            "initializer": "ones",
        },
        {
            "inputs": {
                "item": np.array([1, 2, 3, 8], "int32"),
                "views": np.array([[0, 0, 0], [3, 4, 5], [2, 0, 0], [1, 8, 0]], "int32"),
                "tags": np.array([[1, 0], [2, 3], [4, 4], [1, 2]], "int32"),
                "price": some_missing(2),
            }
        },
    ),
    "value_pooling": (
        layers.ValuePooling,
        {"pooling": "mean"},
        {"embeddings": values(3, DIM), "value_mask": prefix_mask(3)},
    ),
    "categorical_tokens": (
        layers.CategoricalTokens,
        {"num_proxies": 3, "hidden": [6]},
        {"embeddings": [values(DIM), 2 * values(DIM)]},
    ),
    "categorical_tokens_normalized": (
        layers.CategoricalTokens,
        {"num_proxies": 3, "normalize": True},
        {"embeddings": [values(DIM), 2 * values(DIM)]},
    ),
    "sequence_tokens_normalized": (
        layers.SequenceTokens,
        {"normalize": True},
        {
            "embeddings": [values(3, DIM), values(5, DIM)],
            "masks": [prefix_mask(3), prefix_mask(5)],
        },
    ),
    "sequence_tokens": (
        layers.SequenceTokens,
        {"num_proxies": 3, "hidden": [6], "position": True},
        {
            "embeddings": [values(3, DIM), values(5, DIM)],
            "masks": [prefix_mask(3), prefix_mask(5)],
        },
    ),
    "task_tokens": (
        layers.TaskTokens,
        {"num_tasks": 3, "num_shared": 2, "dim": DIM},
        {"inputs": values(1)},
    ),
    "one_task_token": (
        layers.TaskTokens,
        {"num_tasks": 3, "num_shared": 2, "dim": DIM, "scale": 0.1, "one_vector": True},
        {"inputs": values(1)},
    ),
    "silu_attention": (
        layers.ProxyCrossAttention,
        {"activation": "silu", "output_gate": True},
        {
            "queries": [values(3, DIM), values(2, DIM)],
            "tokens": values(6, DIM),
            "tokens_mask": prefix_mask(6),
            "gate": np.abs(values(DIM)),
        },
    ),
    "proxy_cross_attention": (
        layers.ProxyCrossAttention,
        {"num_heads": 2},
        {
            "queries": [values(3, DIM), values(2, DIM)],
            "tokens": values(6, DIM),
            "tokens_mask": prefix_mask(6),
            "gate": np.abs(values(DIM)),
        },
    ),
    "proxy_gated_unit": (
        layers.ProxyGatedUnit,
        {"hidden": [6], "residual": True},
        {"proxies": values(3, DIM)},
    ),
    "token_normalization": (
        layers.TokenNormalization,
        {"epsilon": 1e-2},
        {"inputs": values(3, DIM)},
    ),
    "infnet_block": (
        layers.INFNetBlock,
        {"residual": True, "proxy_norm": "layer", "num_heads": 2, "gate_hidden": [6]},
        {"state": state(categorical_gate=True, sequence_gate=True)},
    ),
    "infnet_block_output_gate": (
        layers.INFNetBlock,
        {"attention": "silu", "output_gate": True, "gate_source": "input"},
        {"state": state()},
    ),
    "broadcast_gated_unit": (
        layers.BroadcastGatedUnit,
        {"hidden": [6]},
        {"hubs": values(3, DIM)},
    ),
    "aggregate_broadcast_block": (
        layers.AggregateBroadcastBlock,
        {"num_heads": 2, "gate_hidden": [6], "output_gate": True},
        {"state": state()},
    ),
    "aggregate_broadcast_block_last": (
        layers.AggregateBroadcastBlock,
        {"update_proxies": False, "attention": "silu"},
        {"state": state()},
    ),
    "factorization_machine": (
        layers.FactorizationMachine,
        {},
        {"vectors": values(3, DIM)},
    ),
    "gated_cross": (
        layers.GatedCross,
        {},
        {"x0": values(DIM), "x": 2 * values(DIM)},
    ),
    "target_attention": (
        layers.TargetAttention,
        {"hidden": [6, 5]},
        {
            "queries": values(2, DIM),
            "keys": values(3, DIM),
            "values": values(3, 6),
            "steps_mask": prefix_mask(3),
        },
    ),
    "target_attention_softmax": (
        layers.TargetAttention,
        {"hidden": [6], "softmax": True},
        {
            "queries": values(2, DIM),
            "keys": values(3, DIM),
            "values": values(3, 6),
            "steps_mask": prefix_mask(3),
        },
    ),
    "gated_recurrence": (
        layers.GatedRecurrence,
        {"units": 5},
        {"inputs": values(3, DIM), "steps_mask": prefix_mask(3)},
    ),
    "attentional_recurrence": (
        layers.GatedRecurrence,
        {"units": 5},
        {
            "inputs": values(3, DIM),
            "steps_mask": prefix_mask(3),
            "attention": np.abs(values(2, 3)) / 3,
        },
    ),
    "interest_evolution": (
        layers.InterestEvolution,
        {},
        {"queries": values(2, DIM), "steps": values(3, 6), "steps_mask": prefix_mask(3)},
    ),
    "interleaved_histories": (
        layers.InterleavedHistories,
        {"unknown_gap": 2},
        {
            "steps": [values(3, DIM), values(5, DIM)],
            "gaps": [np.tile(np.array([[4, 2, 3]], "int32"), (4, 1)), np.full((4, 5), 3, "int32")],
            "masks": [prefix_mask(3), prefix_mask(5)],
        },
    ),
    "hstu_layer": (
        layers.HSTULayer,
        {"num_fields": 2, "num_heads": 2},
        {
            "tokens": values(5, DIM),
            "candidates": values(2, DIM),
            "steps_mask": prefix_mask(3),
        },
    ),
    "hstu_layer_last": (
        layers.HSTULayer,
        {"update_tokens": False},
        {
            "tokens": values(3, DIM),
            "candidates": values(2, DIM),
            "steps_mask": prefix_mask(3),
        },
    ),
    "projected_sum": (
        layers.ProjectedSum,
        {"names": ["item", "tag"], "units": 5},
        {"inputs": {"item": values(1, DIM), "tag": values(3, DIM)}},
    ),
    "wukong_layer": (
        layers.WuKongLayer,
        {"fm_vectors": 2, "linear_vectors": 2, "rank": 3, "hidden": [6]},
        {"vectors": values(3, DIM)},
    ),
    "low_rank_cross": (
        layers.LowRankCross,
        {"rank": 3, "num_experts": 2, "activation": "relu"},
        {"x0": values(DIM), "x": 2 * values(DIM)},
    ),
    "activated_perceptron": (
        layers.MultilayerPerceptron,
        {"hidden": [6], "units": 3, "activation": "tanh"},
        {"inputs": values(2, DIM)},
    ),
    "towers_of_kinds": (
        layers.TaskTowers,
        {"hidden": [16], "kinds": ["binary"] * 3},
        {"tasks": values(3, DIM)},
    ),
    "information_transfer": (
        layers.InformationTransfer,
        {},
        {"tasks": values(3, DIM)},
    ),
    "multilayer_perceptron": (
        layers.MultilayerPerceptron,
        {"hidden": [6], "units": 3},
        {"inputs": values(2, DIM)},
    ),
    "experts": (
        layers.Experts,
        {"count": 3, "hidden": [16, 6]},
        {"inputs": values(DIM)},
    ),
    "experts_with_inputs_of_their_own": (
        layers.Experts,
        {"count": 3, "hidden": [16, 6]},
        {"inputs": values(3, DIM)},
    ),
    "customized_gate_control": (
        layers.CustomizedGateControl,
        {"num_tasks": 3, "task_experts": 2, "shared_experts": 2, "hidden": [16, 6]},
        {"tasks": values(DIM), "shared": values(DIM)},
    ),
    "last_customized_gate_control": (
        layers.CustomizedGateControl,
        {"num_tasks": 3, "task_experts": 2, "hidden": [16], "shared_gate": False},
        {"tasks": values(3, DIM), "shared": values(DIM)},
    ),
    "softmax_gates": (
        layers.SoftmaxGates,
        {"count": 3, "experts": 4},
        {"inputs": values(DIM)},
    ),
    "softmax_gates_with_inputs_of_their_own": (
        layers.SoftmaxGates,
        {"count": 3, "experts": 4},
        {"inputs": values(3, DIM)},
    ),
    "task_towers": (
        layers.TaskTowers,
        {"hidden": [16], "dropout": 0.0},
        {"tasks": values(3, DIM)},
    ),
}


# Gates and probabilities are float32 at least; a block hands C and S on as it received them.
FLOAT32_OUTPUTS = {
    "proxy_gated_unit": [""],
    "broadcast_gated_unit": ["0", "1"],
    "aggregate_broadcast_block_last": [
        "categorical",
        "sequence",
        "categorical_proxies",
        "sequence_proxies",
    ],
    "task_towers": [""],
    "towers_of_kinds": [""],
    "infnet_block": ["categorical", "sequence", "categorical_gate", "sequence_gate"],
}
FLOAT32_OUTPUTS["infnet_block_output_gate"] = FLOAT32_OUTPUTS["infnet_block"]


@pytest.mark.parametrize("case", CASES)
def test_rules(case, tmp_path):
    keras.utils.set_random_seed(0)  # a normalised vector of little spread may be off in bfloat16
    layer_class, config, inputs = CASES[case]
    run_layer_test(
        layer_class,
        config,
        inputs,
        tmp_path,
        # Sums over six or five units of rounded differences: some processors are off by .0203.
        half_tolerance=3e-2 if case == "target_attention" else 2e-2,
        float32_outputs=FLOAT32_OUTPUTS.get(case, ()),
    )


def test_every_layer_is_tested():
    public = [getattr(layers, name) for name in layers.__all__]
    every = {c for c in public if isinstance(c, type) and issubclass(c, keras.layers.Layer)}
    assert {case[0] for case in CASES.values()} == every
