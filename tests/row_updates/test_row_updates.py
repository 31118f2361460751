"""Rows move as plain loops over dictionaries say, and no other row does."""

import keras
import numpy as np
import pytest
from keras import ops

from infnet_keras.layers.embeddings.lookup import Lookup
from infnet_keras.row_updates import AdagradRowwise, AdamLazy, RowUpdates

ROWS, WIDTH, RATE = 40, 3, 0.05


def adagrad(row, slots, gradient, rate, step):
    slots["accumulator"] = slots.get("accumulator", 0.0) + np.mean(gradient**2)
    return row - rate * gradient / (np.sqrt(slots["accumulator"]) + 1e-8)


def adam(row, slots, gradient, rate, step):
    slots["m"] = 0.9 * slots.get("m", 0.0) + 0.1 * gradient
    slots["v"] = 0.999 * slots.get("v", 0.0) + 0.001 * gradient**2
    mean, square = slots["m"] / (1 - 0.9**step), slots["v"] / (1 - 0.999**step)
    return row - rate * mean / (np.sqrt(square) + 1e-7 / np.sqrt(1 - 0.999**step))


@pytest.mark.parametrize(("rule", "plain"), [(AdagradRowwise, adagrad), (AdamLazy, adam)])
def test_steps_with_repeated_ids(rule, plain):
    random = np.random.default_rng(0)
    start = random.normal(size=(ROWS, WIDTH)).astype("float32")
    table = keras.Variable(start)
    updates = RowUpdates(rule(), scale=2.0)
    updates.make_slots({"t": table})
    rows = {i: start[i].astype("float64") for i in range(ROWS)}
    slots = {i: {} for i in range(ROWS)}
    read = set()
    for step in range(1, 6):
        ids = random.integers(0, ROWS // 2, (4, 5)).astype("int32")
        gradients = random.normal(size=(4, 5, WIDTH)).astype("float32")
        lookups = {"t": Lookup(table, ops.convert_to_tensor(ids))}
        given = {"t": ops.convert_to_tensor(gradients)}
        updates.apply(updates.sum_repeated(lookups, given), RATE, step)
        for row in np.unique(ids):
            total = gradients[ids == row].astype("float64").sum(0)
            rows[row] = plain(rows[row], slots[row], total, 2 * RATE, step)
        read |= set(ids.flat)
        found = ops.convert_to_numpy(table.value)
        np.testing.assert_allclose(found, np.stack(list(rows.values())), rtol=1e-4, atol=1e-5)
    unread = sorted(set(range(ROWS)) - read)
    assert len(unread) >= ROWS // 2
    assert (found[unread] == start[unread]).all()
    for slot in updates.slots["t"].values():
        assert not ops.convert_to_numpy(slot.value)[unread].any()


def test_a_gradient_of_zero_moves_nothing():
    table = keras.Variable(np.ones((4, 2), "float32"))
    updates = RowUpdates(AdagradRowwise())
    updates.make_slots({"t": table})
    lookups = {"t": Lookup(table, ops.convert_to_tensor(np.array([[1, 1, 2]], "int32")))}
    given = {"t": ops.zeros((1, 3, 2))}
    updates.apply(updates.sum_repeated(lookups, given), RATE, 1)
    assert (ops.convert_to_numpy(table.value) == 1.0).all()


def test_memory_beside_a_table_of_width_8():
    table = keras.Variable(np.zeros((1000, 8), "float32"))
    updates = RowUpdates(AdagradRowwise())
    updates.make_slots({"t": table})
    beside = sum(int(np.prod(each.shape)) * 4 for each in updates.weights)
    assert beside <= 0.3 * 1000 * 8 * 4


def test_reset_forgets():
    table = keras.Variable(np.zeros((3, 1), "float32"))
    updates = RowUpdates(AdamLazy())
    updates.make_slots({"t": table})
    for slot in updates.slots["t"].values():
        slot.assign(ops.ones((3, 1)))
    updates.reset()
    for slot in updates.slots["t"].values():
        assert not ops.convert_to_numpy(slot.value).any()
