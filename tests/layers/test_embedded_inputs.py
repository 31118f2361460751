import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import EmbeddedInputs, InputFeature, LookupGroup, gather

ROWS = {"user": 6, "item": 9, "tag": 5}
FEATURES = [
    InputFeature("user", "user"),
    InputFeature("item", "item"),
    InputFeature("tags", "tag", max_values=3, pooling="sum"),
    InputFeature("price", None),
    InputFeature("vector", None, width=3),
    InputFeature("views", "item", length=4),
    InputFeature("view_tags", "tag", length=4, max_values=2),
]
LENGTHS = np.array([0, 4, 1])
DRAWS = np.random.default_rng(3)
STEPS = np.arange(4) < LENGTHS[:, None]
INPUTS = {
    "user": np.array([5, 1, 2], "int32"),
    "item": np.array([8, 1, 3], "int32"),
    "tags": np.array([[4, 2, 0], [1, 1, 1], [3, 0, 0]], "int32"),
    "price": np.array([0.5, -2.0, 3.0], "float32"),
    "vector": DRAWS.normal(size=(3, 3)).astype("float32"),
    "views": (DRAWS.integers(1, 9, (3, 4)) * STEPS).astype("int32"),
    "view_tags": (DRAWS.integers(1, 5, (3, 4, 2)) * STEPS[..., None]).astype("int32"),
}
GROUPS = [
    LookupGroup(),
    LookupGroup("first_order", width=1, project=False),
    LookupGroup("shared", width=3, inputs=("item", "views", "price")),
]


def make(groups=tuple(GROUPS), **options):
    layer = EmbeddedInputs(FEATURES, ROWS, dim=4, groups=groups, dims={"tag": 2}, **options)
    layer.build()
    return layer


def rows_of(layer, group, table):
    """The rows of one table of one group, read from the fused weights."""
    tables = layer.tables[group]
    weight = ops.convert_to_numpy(tables.tables[tables.dims[table]].value)
    return weight[tables.offsets[table] :][: ROWS[table]]


def projected(layer, group, values):
    projections = layer.tables[group].projections
    width = values.shape[-1]
    if width not in projections:
        return values
    return values @ ops.convert_to_numpy(projections[width].kernel.value)


def expected_of(layer, group, feature):
    """Value by value, from the tables themselves."""
    ids = INPUTS[feature.name]
    if feature.table is None:
        dense = layer.number_embeddings[f"{group}_{feature.name}"]
        kernel, bias = (ops.convert_to_numpy(w.value) for w in (dense.kernel, dense.bias))
        return ids.reshape(3, -1) @ kernel + bias
    values = projected(layer, group, rows_of(layer, group, feature.table)[ids])
    if feature.max_values is None:
        return values
    pooled = np.zeros((*ids.shape[:-1], values.shape[-1]), "float32")
    for index in np.ndindex(*ids.shape[:-1]):
        valid = values[index][ids[index] != 0]
        if len(valid):
            pooled[index] = valid.sum(0) if feature.pooling == "sum" else valid.mean(0)
    return pooled


def flat(embedded):
    """(group, part, input) -> array."""
    return {
        (group, part, name): ops.convert_to_numpy(value)
        for group, parts in embedded.items()
        for part, values in parts._asdict().items()
        for name, value in values.items()
    }


def test_every_group_embeds_its_inputs_from_tables_of_its_own():
    layer = make()
    found = layer(INPUTS)
    assert list(found) == ["embeddings", "first_order", "shared"]
    for group in GROUPS:
        names = [f.name for f in FEATURES if group.inputs is None or f.name in group.inputs]
        embedded = found[group.name]
        assert set(embedded.fields) | set(embedded.sequences) == set(names)
        for feature in FEATURES:
            if feature.name not in names:
                continue
            part = embedded.fields if feature.length is None else embedded.sequences
            value = ops.convert_to_numpy(part[feature.name])
            width = 4 if group.project else 1
            assert value.shape == (3, *([4] if feature.length else []), width)
            expected = expected_of(layer, group.name, feature)
            np.testing.assert_allclose(value, expected, rtol=1e-4, atol=1e-6, err_msg=feature.name)


def test_masks_and_lengths_say_which_steps_are_valid():
    embedded = make()(INPUTS)["embeddings"]
    for name in ("views", "view_tags"):
        np.testing.assert_array_equal(ops.convert_to_numpy(embedded.masks[name]), STEPS)
        np.testing.assert_array_equal(ops.convert_to_numpy(embedded.lengths[name]), LENGTHS)
    assert set(embedded.masks) == {"views", "view_tags"}


def test_groups_share_no_row():
    layer = make((LookupGroup("one"), LookupGroup("other")))
    one, other = (rows_of(layer, group, "item") for group in ("one", "other"))
    assert one.shape == other.shape
    assert (one != other).any(axis=1).all()
    assert len({id(w) for w in layer.weights}) == len({w.path for w in layer.weights})


def test_a_table_that_a_group_does_not_read_takes_no_memory():
    tables = make((LookupGroup("some", inputs=("item", "views")),)).tables["some"]
    assert {width: tuple(t.shape) for width, t in tables.tables.items()} == {4: (9, 4)}


@pytest.mark.parametrize("training", [False, True])
def test_lookups_gather_and_spread_are_the_plain_call(training):
    layer = make(l2=0.1)
    plain = flat(layer(INPUTS, training=training))
    halves = flat(layer.spread(gather(layer.lookups(INPUTS, training)), INPUTS, training))
    assert plain.keys() == halves.keys()
    for key, value in plain.items():
        np.testing.assert_array_equal(halves[key], value)


def test_rows_may_come_from_elsewhere():
    """A gather by NumPy: from the values of the tables, at the ids that `lookups` lists."""
    layer = make()
    lookups = layer.lookups(INPUTS)
    assert sorted(lookups) == ["embeddings/2", "embeddings/4", "first_order/1", "shared/3"]
    rows = {}
    for name, (table, ids) in lookups.items():
        table, ids = (ops.convert_to_numpy(each) for each in (table.value, ids))
        rows[name] = np.stack([table[example] for example in ids])
    plain, found = flat(layer(INPUTS)), flat(layer(INPUTS, rows=rows))
    for key, value in plain.items():
        np.testing.assert_allclose(found[key], value, rtol=1e-5, atol=1e-7)
    moved = {name: value + 1.0 for name, value in rows.items()}
    other = flat(layer(INPUTS, rows=moved))
    key = ("first_order", "fields", "user")
    np.testing.assert_allclose(other[key], plain[key] + 1.0, rtol=1e-5, atol=1e-7)


@pytest.mark.backend("torch")
def test_rows_have_gradients_and_the_tables_need_none():
    import torch

    layer = make()
    rows = {name: value.detach() for name, value in gather(layer.lookups(INPUTS)).items()}
    for value in rows.values():
        value.requires_grad_(True)
    embedded = layer(INPUTS, rows=rows)["first_order"]
    (3.0 * embedded.fields["user"].sum() + embedded.sequences["views"].sum()).backward()
    # In the order of the inputs: user, item, 3 tags, 4 views, 4 x 2 tags of views.
    gradient = rows["first_order/1"].grad.squeeze(-1)
    expected = torch.tensor([3.0, 0.0, *[0.0] * 3, *[1.0] * 4, *[0.0] * 8]).expand(3, -1)
    torch.testing.assert_close(gradient, expected)
    for tables in layer.tables.values():
        assert all(table.value.grad is None for table in tables.tables.values())


def test_a_part_of_the_inputs_is_enough():
    layer = make()
    whole = flat(layer(INPUTS))
    some = flat(layer({name: INPUTS[name] for name in ("views", "vector", "user")}))
    assert {name for _, _, name in some} == {"views", "vector", "user"}
    for key, value in some.items():
        np.testing.assert_allclose(value, whole[key], rtol=1e-5, atol=1e-7)


def in_buckets():
    """The examples, of 0, 4 and 1 steps, in two buckets: of 4 steps, and of one."""
    moved = {name: values[[1, 2, 0]] for name, values in INPUTS.items()}
    return moved | {n: (moved[n][:1], moved[n][1:, :1]) for n in ("views", "view_tags")}


def test_inputs_in_buckets_are_embedded_as_they_are_without():
    layer, other = make(l2=0.1), make(l2=0.1)
    other.set_weights(layer.get_weights())
    plain, found = layer(INPUTS, training=True), other(in_buckets(), training=True)
    losses = [float(sum(each.losses)) for each in (layer, other)]
    assert losses[1] == pytest.approx(losses[0], rel=1e-5)
    assert list(found) == list(plain)
    for group, expected in plain.items():
        whole = {key: value[[1, 2, 0]] for key, value in flat({group: expected}).items()}
        padded = found[group].padded()
        for key, value in flat({group: padded}).items():
            if key[1] == "sequences":
                mask = ops.convert_to_numpy(padded.masks[key[2]])[..., None]
                value, whole[key] = value * mask, whole[key] * mask
            np.testing.assert_allclose(value, whole[key], rtol=1e-5, atol=1e-7, err_msg=str(key))
        first, second = (flat({group: each}) for each in found[group].in_buckets())
        for key in first:
            if key[1] in ("fields", "lengths"):
                both = np.concatenate([first[key], second[key]])
                np.testing.assert_allclose(both, whole[key], rtol=1e-5, atol=1e-7)
        assert first[group, "sequences", "views"].shape[:2] == (1, 4)
        assert second[group, "sequences", "views"].shape[:2] == (2, 1)


def test_sequences_alone_may_be_in_buckets():
    views = {"views": in_buckets()["views"]}
    embedded = make()(views)["embeddings"]
    assert [part.shape[:2] for part in embedded.sequences["views"]] == [(1, 4), (2, 1)]


def test_options_reach_the_tables():
    layer = make(id_dropout=0.5, l2=0.1, first_value_ids={"item": 2}, initializer="ones")
    for tables in layer.tables.values():
        assert (tables.id_dropout, tables.l2) == (0.5, 0.1)
        assert tables.first_value_ids == {"item": 2}
    np.testing.assert_array_equal(rows_of(layer, "shared", "item"), np.ones((9, 3)))
    layer(INPUTS, training=True)
    assert len(layer.losses) == 4  # one for each width of each group


def test_mistakes_are_named():
    with pytest.raises(ModelError, match="no table embeds music; inputs: user, item"):
        make()({"music": np.array([1])})
    with pytest.raises(ModelError, match="'music' reads table 'song', which has no rows"):
        EmbeddedInputs([InputFeature("music", "song")], ROWS, 4)
