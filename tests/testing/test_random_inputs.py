import numpy as np
import pytest

from infnet_keras.spec import spec_from_dict
from infnet_keras.testing import random_inputs

ROWS = {"user": 4, "tag": 6}
SPEC = {
    "name": "small",
    "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
    "keys": {"user": "user", "item": "video_id"},
    "tables": {"tag": {"vocabulary": {}}},
    "fields": {
        "user": {"side": "user", "vocabulary": {}},
        "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 3},
    },
    "sequences": {"view": {"length": 5, "attributes": {"tag": "tag", "tags": "tag"}}},
    "tasks": {"click": {"label": "click"}},
}


def test_valid_ids_come_first():
    inputs = random_inputs(spec_from_dict(SPEC), ROWS, batch=50)
    shapes = {name: ids.shape for name, ids in inputs.items()}
    assert shapes == {
        "user": (50,),
        "tag": (50, 3),
        "view__tag": (50, 5, 3),
        "view__tags": (50, 5),
    }
    for name, ids in inputs.items():
        assert ids.dtype == np.int32
        assert ids.max() == ROWS["user" if name == "user" else "tag"] - 1
        valid = ids != 0
        if ids.ndim > 1:
            assert (valid[..., :-1] >= valid[..., 1:]).all()
    assert inputs["tag"][:, 0].all()
    # The attributes of one behaviour have the same steps.
    np.testing.assert_array_equal(inputs["view__tag"][..., 0] != 0, inputs["view__tags"] != 0)


@pytest.mark.parametrize(("history", "steps"), [("full", 5), ("empty", 0)])
def test_histories_of_one_length(history, steps):
    inputs = random_inputs(spec_from_dict(SPEC), ROWS, batch=3, history=history)
    assert ((inputs["view__tags"] != 0).sum(axis=1) == steps).all()


def test_mixed_histories_hold_the_edges():
    lengths = (random_inputs(spec_from_dict(SPEC), ROWS, batch=20)["view__tags"] != 0).sum(axis=1)
    assert lengths[0] == 0
    assert lengths[1] == 5
    assert len(set(lengths)) > 2
