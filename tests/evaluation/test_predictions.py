import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.evaluation import Predictions


def test_comes_back_from_a_file(make_predictions, tmp_path):
    predictions = make_predictions(rows=50)
    predictions.save(tmp_path / "test.npz")
    copy = Predictions.load(tmp_path / "test.npz")
    assert copy.tasks == ["click", "like"]
    np.testing.assert_array_equal(copy.users, predictions.users)
    for task in copy.tasks:
        np.testing.assert_array_equal(copy.labels[task], predictions.labels[task])
        np.testing.assert_array_equal(copy.probabilities[task], predictions.probabilities[task])
    assert [path.name for path in tmp_path.iterdir()] == ["test.npz"]


def test_a_file_that_is_something_else_is_named(make_predictions, tmp_path):
    with pytest.raises(DataError, match=r"missing\.npz"):
        Predictions.load(tmp_path / "missing.npz")
    make_predictions().save(tmp_path / "cut.npz")
    whole = (tmp_path / "cut.npz").read_bytes()
    for content in (whole[:200], whole[: len(whole) // 2], b"text", b""):
        (tmp_path / "cut.npz").write_bytes(content)
        with pytest.raises(DataError, match=r"cut\.npz holds no predictions"):
            Predictions.load(tmp_path / "cut.npz")


def test_refuses_arrays_that_do_not_belong_together():
    users, three, two = np.arange(3), np.zeros(3, "float32"), np.zeros(2, "float32")
    with pytest.raises(DataError, match=r"'click'.*one length"):
        Predictions({"click": three}, {"click": two}, users)
    with pytest.raises(DataError, match=r"'click'.*one length"):
        Predictions({"click": two}, {"click": two}, users)
    with pytest.raises(DataError, match="like"):
        Predictions({"click": three}, {"like": three}, users)
    with pytest.raises(DataError, match="rename the task"):
        Predictions({"mean": three}, {"mean": three}, users)
