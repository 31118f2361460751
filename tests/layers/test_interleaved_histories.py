"""Steps of several histories in one order, against NumPy's stable sort."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.layers import InterleavedHistories

DIM, UNKNOWN = 3, 1


def draw(lengths, batch=6, seed=0):
    """Steps, gaps and masks of histories; the first example has none, the second all steps."""
    random = np.random.default_rng(seed)
    steps, gaps, masks = [], [], []
    for length in lengths:
        counts = random.integers(0, length + 1, batch)
        counts[:2] = 0, length
        valid = np.arange(length) < counts[:, None]
        steps.append(random.normal(size=(batch, length, DIM)).astype("float32"))
        gaps.append((random.integers(1, 5, (batch, length)) * valid).astype("int32"))
        masks.append(valid)
    return steps, gaps, masks


def expected(layer, steps, gaps, masks):
    """The valid steps of each example, one list an example."""
    actions = ops.convert_to_numpy(layer.actions)
    found = []
    for row in range(len(steps[0])):
        vectors = [s[row][m[row]] + a for s, m, a in zip(steps, masks, actions, strict=True)]
        ids = np.concatenate([g[row][m[row]] for g, m in zip(gaps, masks, strict=True)])
        ago = np.where(ids == UNKNOWN, np.iinfo(np.int64).max, ids.astype(np.int64))
        found.append(np.concatenate(vectors)[np.argsort(-ago, kind="stable")])
    return found


@pytest.mark.parametrize("lengths", [(4, 3), (5, 1, 2), (3,)])
def test_is_a_stable_sort_by_the_gap(lengths):
    layer, given = InterleavedHistories(UNKNOWN), draw(lengths)
    found, mask = map(ops.convert_to_numpy, layer(*given))
    assert found.shape == (6, sum(lengths), DIM)
    for row, steps in enumerate(expected(layer, *given)):
        np.testing.assert_array_equal(mask[row], np.arange(sum(lengths)) < len(steps))
        np.testing.assert_allclose(found[row][: len(steps)], steps, rtol=1e-6)


def test_padding_changes_nothing():
    layer, (steps, gaps, masks) = InterleavedHistories(UNKNOWN), draw((4, 3))
    found, mask = map(ops.convert_to_numpy, layer(steps, gaps, masks))

    def padded(values, what):
        rest = [(0, 0)] * (values.ndim - 2)
        return np.pad(values, [(0, 0), (0, 5), *rest], constant_values=what)

    other, other_mask = map(
        ops.convert_to_numpy,
        layer(
            [padded(each, 1e3) for each in steps],
            [padded(each, 3) for each in gaps],  # what stands there is not looked at
            [padded(each, False) for each in masks],
        ),
    )
    np.testing.assert_array_equal(other_mask[:, :7], mask)
    assert not other_mask[:, 7:].any()
    np.testing.assert_array_equal(other[:, :7][mask], found[mask])


def test_an_id_beyond_what_a_key_holds_is_longest_ago():
    layer = InterleavedHistories(UNKNOWN, actions="zeros")
    steps = [np.arange(3.0, dtype="float32").reshape(1, 3, 1)]
    gaps, masks = [np.array([[7, 2**31 - 1, 9]], "int32")], [np.ones((1, 3), bool)]
    found, _ = layer(steps, gaps, masks)
    assert ops.convert_to_numpy(found)[0, :, 0].tolist() == [1.0, 2.0, 0.0]
