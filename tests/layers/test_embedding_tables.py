import numpy as np
import pytest
from keras import ops

from infnet_keras.errors import ModelError
from infnet_keras.layers import EmbeddingTables

ROWS = {"video": 9, "unread": 50, "tag": 5, "hour": 7}
LOOKUPS = {"video_id": "video", "views": "video", "tags": "tag", "hour": "hour"}
IDS = {
    "video_id": np.array([1, 8, 3], "int32"),
    "views": np.array([[2, 0], [8, 8], [5, 1]], "int32"),
    "tags": np.array([[[4, 0], [1, 2]], [[3, 3], [0, 0]], [[1, 4], [2, 2]]], "int32"),
    "hour": np.array([6, 1, 2], "int32"),
}


def make(**options):
    layer = EmbeddingTables(ROWS, 4, LOOKUPS, dims={"tag": 2}, **options)
    layer.build()
    return layer


def rows_of(layer):
    """table -> its rows, read from the fused weights."""
    wide, narrow = (ops.convert_to_numpy(layer.tables[width].value) for width in (4, 2))
    return {"video": wide[:9], "hour": wide[9:], "tag": narrow}


def test_every_input_reads_its_own_table():
    layer = make()
    found = {name: ops.convert_to_numpy(value) for name, value in layer(IDS).items()}
    tables = rows_of(layer)
    projection = ops.convert_to_numpy(layer.projections[2].kernel.value)
    assert list(found) == list(IDS)
    for name in ("video_id", "views", "hour"):
        np.testing.assert_array_equal(found[name], tables[LOOKUPS[name]][IDS[name]])
    np.testing.assert_allclose(found["tags"], tables["tag"][IDS["tags"]] @ projection, rtol=1e-5)
    # One weight per width; a table that nothing reads has no rows in it.
    assert {width: tuple(t.shape) for width, t in layer.tables.items()} == {4: (16, 4), 2: (5, 2)}


def test_a_part_of_the_inputs_is_enough():
    layer = make()
    found = layer({"hour": IDS["hour"]})
    assert list(found) == ["hour"]
    expected = rows_of(layer)["hour"][IDS["hour"]]
    np.testing.assert_array_equal(ops.convert_to_numpy(found["hour"]), expected)


def test_ids_outside_a_table_are_unknown_values():
    layer = make()
    wrong = {"video_id": np.array([9, -1, 2**31 - 1], "int32"), "hour": np.array([7, -8, 99])}
    tables = rows_of(layer)
    for name, value in layer(wrong).items():
        unknown = np.tile(tables[LOOKUPS[name]][1], (3, 1))
        np.testing.assert_array_equal(ops.convert_to_numpy(value), unknown)


def test_id_dropout_hides_values_in_training_only():
    layer = make(id_dropout=0.25, first_value_ids={"video": 3})
    tables = rows_of(layer)
    ids = {
        "views": np.tile(np.array([[0, 1, 2, 5]], "int32"), (4000, 1)),
        "hour": np.full(4000, 5, "int32"),  # not among first_value_ids: never dropped
    }
    kept = ops.convert_to_numpy(layer(ids, training=False)["views"])
    np.testing.assert_array_equal(kept, tables["video"][ids["views"]])
    trained = {k: ops.convert_to_numpy(v) for k, v in layer(ids, training=True).items()}
    np.testing.assert_array_equal(trained["hour"], tables["hour"][ids["hour"]])
    np.testing.assert_array_equal(trained["views"][:, :3], kept[:, :3])
    dropped = (trained["views"][:, 3] == tables["video"][1]).all(axis=1)
    stayed = (trained["views"][:, 3] == tables["video"][5]).all(axis=1)
    assert (dropped | stayed).all()
    assert abs(dropped.mean() - 0.25) < 0.04  # 6 standard deviations
    again = ops.convert_to_numpy(layer(ids, training=True)["views"])
    assert not np.array_equal(again, trained["views"])


def test_l2_counts_the_rows_looked_up():
    layer = make(l2=0.1)
    layer(IDS, training=False)
    assert layer.losses == []
    layer(IDS, training=True)
    tables = rows_of(layer)
    squares = [
        (tables[LOOKUPS[name]][ids] ** 2).sum(axis=-1)[ids != 0].sum() for name, ids in IDS.items()
    ]
    found = sum(float(ops.convert_to_numpy(loss)) for loss in layer.losses)
    np.testing.assert_allclose(found, 0.1 * sum(squares) / 3, rtol=1e-5)


def test_mistakes_are_named():
    with pytest.raises(ModelError, match="'music_id' reads table 'music', which has no rows"):
        EmbeddingTables(ROWS, 4, {"music_id": "music"})
    with pytest.raises(ModelError, match="no table embeds music_id"):
        make()({"music_id": np.array([1])})
