"""Candidates of models that read an example as one vector: what a request has is embedded once."""

import numpy as np
import pytest
from keras import ops

from infnet_keras.models import SharedBottom
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.testing import random_inputs
from infnet_keras.testing.draw_weights import draw_weights
from infnet_keras.testing.run_model import run_function, run_model

SPEC = override_spec(
    load_spec("minimal"),
    {
        "model": {"type": "shared_bottom", "dim": 4, "tower_hidden": [3], "bottom_hidden": [8]},
        "tables": {"item": {"size": 20}, "category": {"size": 9}},
        "fields.user.size": 20,
        "sequences": {"view": {"length": 3}, "click": {"length": 2}},
    },
)
ITEMS_ALONE = dict.fromkeys(
    ["fields.user", "fields.hour_band", "fields.hour", "sequences.view", "sequences.click"]
)
REQUESTS, CANDIDATES = 2, 3


def make(changes):
    spec = override_spec(SPEC, changes)
    rows = {name: table.rows() for name, table in spec.all_tables.items()}
    model = SharedBottom(spec, rows)
    model.build()
    draw_weights(model)
    of_rows = random_inputs(spec, rows, REQUESTS * CANDIDATES)
    ranked = {}
    for name, ids in of_rows.items():
        if name in model.item_names:
            ranked[name] = ids.reshape(REQUESTS, CANDIDATES, *ids.shape[1:])
        else:
            ranked[name] = ids[::CANDIDATES]
            of_rows[name] = ranked[name].repeat(CANDIDATES, axis=0)
    return model, of_rows, ranked


@pytest.mark.parametrize(
    "changes", [{}, {"sequences.view": None}, ITEMS_ALONE], ids=["all", "one_sequence", "items"]
)
def test_scores_are_those_of_the_rows(changes):
    model, of_rows, ranked = make(changes)
    scores = run_function(model.score_candidates, ranked)
    for task, expected in run_model(model, of_rows).items():
        np.testing.assert_allclose(
            ops.convert_to_numpy(scores[task]).reshape(-1),
            ops.convert_to_numpy(expected),
            rtol=1e-5,
        )


def test_a_history_is_looked_up_once_for_all_candidates(monkeypatch):
    model, _, ranked = make({})
    looked_up = {}
    lookups = model.embedded_inputs.lookups

    def recording(inputs, training=False):
        looked_up.update({name: tuple(ids.shape) for name, ids in inputs.items()})
        return lookups(inputs, training)

    monkeypatch.setattr(model.embedded_inputs, "lookups", recording)
    model.score_candidates(ranked)
    assert looked_up["view__item"] == (REQUESTS, 3)
    assert looked_up["user"] == (REQUESTS,)
    assert looked_up["item"] == (REQUESTS * CANDIDATES,)
    assert set(looked_up) == set(model.input_names)
