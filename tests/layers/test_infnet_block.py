import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import INFNetBlock

DRAWS = np.random.default_rng(6)


def make_state(sequence=True):
    state = {
        "categorical": (4, 5, 8),
        "categorical_proxies": (4, 3, 8),
        "shared_tasks": (4, 2, 8),
        "tasks": (4, 3, 8),
    }
    if sequence:
        state |= {"sequence": (4, 6, 8), "sequence_proxies": (4, 2, 8)}
    state = {name: DRAWS.normal(size=shape).astype("float32") for name, shape in state.items()}
    if sequence:
        state["sequence_mask"] = np.arange(6) < np.array([[0], [6], [1], [4]])
    return state


@pytest.mark.parametrize(
    ("source", "roles"),
    [
        ("output", {"update_shared": False}),
        ("output", {"update_proxies": False}),
    ],
)
def test_roles_that_leave_a_gate_without_its_proxies_are_refused(source, roles):
    with pytest.raises(ModelError, match="gates by the new proxies"):
        INFNetBlock(gate_source=source, **roles)


def test_unknown_options_are_refused():
    with pytest.raises(ModelError, match="found 'both' and 'none'"):
        INFNetBlock(gate_source="both")


def test_last_block_has_no_weights_for_what_nobody_reads():
    last = INFNetBlock(
        update_proxies=False, update_shared=False, gate_tokens=False, gate_source="input"
    )
    state = make_state()
    new = last(state)
    changed = {n for n in new if not np.array_equal(ops.convert_to_numpy(new[n]), state[n])}
    assert changed == {"tasks"}
    assert sorted(last.attentions) == ["categorical", "sequence"]
    assert list(last.gates) == ["tasks"]


def test_tasks_may_stay_ungated():
    block, state = INFNetBlock(gate_tasks=False, update_shared=False), make_state()
    found = ops.convert_to_numpy(block(state)["tasks"])
    assert sorted(block.gates) == ["categorical", "sequence"]
    flows = [
        block.attentions["categorical"](
            [state["sequence_proxies"], state["tasks"]], state["categorical"]
        ),
        block.attentions["sequence"](
            [state["categorical_proxies"], state["tasks"]],
            state["sequence"],
            tokens_mask=state["sequence_mask"],
        ),
    ]
    expected = sum(ops.convert_to_numpy(outputs[-1]) for outputs in flows)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)


def test_without_attention_only_gates_change():
    block, state = INFNetBlock(attention="none"), make_state()
    new, attention = block(state, return_attention=True)
    assert attention == {}
    assert block.attentions == {}
    for name, value in state.items():
        if name != "tasks":
            np.testing.assert_array_equal(ops.convert_to_numpy(new[name]), value)
    gate = ops.convert_to_numpy(block.gates["tasks"](state["shared_tasks"]))[:, None]
    np.testing.assert_allclose(
        ops.convert_to_numpy(new["tasks"]), state["tasks"] * gate, rtol=1e-5, atol=1e-6
    )
    for kind in ("categorical", "sequence"):
        np.testing.assert_allclose(
            ops.convert_to_numpy(new[f"{kind}_gate"]),
            ops.convert_to_numpy(block.gates[kind](state[f"{kind}_proxies"])),
            rtol=1e-5,
        )


def test_options_reach_the_attentions():
    block = INFNetBlock(attention="silu", output_gate=True, num_heads=2)
    block(make_state())
    assert len(block.attentions) > 1
    for attention in block.attentions.values():
        assert (attention.activation, attention.output_gate) == ("silu", True)
        assert attention.num_heads == 2


def test_tokens_are_not_rewritten_and_gates_multiply():
    block, state = INFNetBlock(), make_state()
    first = block(state)
    gates = {k: np.full((4, 8), 0.5, "float32") for k in ("categorical_gate", "sequence_gate")}
    np.testing.assert_array_equal(ops.convert_to_numpy(first["sequence"]), state["sequence"])
    # Halving the tokens by hand is the same as a gate of one half before the block.
    halved = {
        **state,
        "categorical": state["categorical"] * 0.5,
        "sequence": state["sequence"] * 0.5,
    }
    gated, expected = block({**state, **gates}), block(halved)
    for name in ("tasks", "categorical_proxies", "sequence_proxies", "shared_tasks"):
        np.testing.assert_allclose(
            ops.convert_to_numpy(gated[name]),
            ops.convert_to_numpy(expected[name]),
            rtol=1e-4,
            atol=1e-5,
        )
    for name, gate in gates.items():
        np.testing.assert_allclose(
            ops.convert_to_numpy(gated[name]),
            ops.convert_to_numpy(expected[name]) * gate,
            rtol=1e-4,
        )


def test_dropout_is_on_leaving_proxies_and_not_on_gates():
    block, state = INFNetBlock(dropout=0.5), make_state(sequence=False)
    kept, dropped = block(state, training=False), block(state, training=True)
    for name in ("tasks", "categorical_gate"):
        np.testing.assert_allclose(
            ops.convert_to_numpy(dropped[name]), ops.convert_to_numpy(kept[name]), rtol=1e-5
        )
    for name in ("categorical_proxies", "shared_tasks"):
        found = ops.convert_to_numpy(dropped[name])
        gone = found == 0
        assert 0.05 < gone.mean() < 0.95
        np.testing.assert_allclose(
            found[~gone], 2 * ops.convert_to_numpy(kept[name])[~gone], rtol=1e-5
        )


def test_gates_stay_in_float32_under_mixed_precision():
    block, state = INFNetBlock(dtype="mixed_bfloat16"), make_state()
    state["categorical_gate"] = np.full((4, 8), 2.0**-12 + 2.0**-24, "float32")
    new = block(state)
    assert str(ops.convert_to_numpy(new["categorical_gate"]).dtype) == "float32"
    # bfloat16 has 8 bits: it would have rounded the second term away.
    single = block({**state, "categorical_gate": np.full((4, 8), 2.0**-12, "float32")})
    fresh = ops.convert_to_numpy(block.gates["categorical"](new["categorical_proxies"]))
    assert fresh.dtype == np.float32
    ratio = ops.convert_to_numpy(new["categorical_gate"]) / ops.convert_to_numpy(
        single["categorical_gate"]
    )
    assert (ratio != 1.0).all()
