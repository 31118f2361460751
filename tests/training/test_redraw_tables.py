"""Tables are drawn anew at every epoch but the first, and nothing else is touched."""

from itertools import pairwise

import keras
import numpy as np
from tiny_log import SPEC

from infnet_keras.models import SharedBottom
from infnet_keras.spec import spec_from_dict
from infnet_keras.training.redraw_tables import RedrawTables


def weights(model):
    return {v.path: np.array(keras.ops.convert_to_numpy(v.value)) for v in model.weights}


def made():
    spec = spec_from_dict({**SPEC, "model": {"type": "shared_bottom"}, "weighting": "fixed"})
    model = SharedBottom(spec, dict.fromkeys(spec.all_tables, 50))
    model.build()
    return model


def test_every_epoch_but_the_first_has_new_tables_alone():
    keras.utils.set_random_seed(3)
    model = made()
    redraw = RedrawTables()
    redraw.set_model(model)
    states = [weights(model)]
    for epoch in range(3):
        redraw.on_epoch_begin(epoch)
        states.append(weights(model))
    tables = {t.path for g in model.embedded_inputs.tables.values() for t in g.tables.values()}
    assert tables
    for path, start in states[0].items():
        np.testing.assert_array_equal(states[1][path], start, err_msg=path)
        changed = [not np.array_equal(a[path], b[path]) for a, b in pairwise(states[1:])]
        assert changed == [path in tables] * 2, path
    for path in tables:
        assert abs(states[3][path].std() - 0.01) < 0.002  # as the first draw


def test_the_seed_decides_what_is_drawn():
    found = []
    for _ in range(2):
        model = made()
        keras.utils.set_random_seed(7)
        model.embedded_inputs.redraw()
        found.append([t for path, t in weights(model).items() if "tables_" in path])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)
