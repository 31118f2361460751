"""TensorFlow compiles a training by XLA where that pays."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infnet_keras.data import PreparedData
from infnet_keras.evaluation import predict_split
from infnet_keras.models import from_spec
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.training import train
from infnet_keras.training.load_run_model import load_run_model
from infnet_keras.training.xla import choose_xla

ROW_WISE = {"training.tables": {"optimizer": "adagrad_rowwise"}, "weighting": "fixed"}
DIEN = {"model": {"type": "dien"}}


@pytest.mark.backend("tensorflow")
@pytest.mark.parametrize(
    ("changes", "steps", "expected"),
    [
        ({}, 99, False),
        ({}, 100, True),
        (ROW_WISE, 1000, False),
        (DIEN, 1000, False),  # whose scan XLA does not take
        ({"training.xla": True}, 1, True),
        ({"training.xla": False}, 1000, False),
    ],
)
def test_where_it_is_chosen(
    spec: FeatureSpec, changes: dict[str, Any], steps: int, expected: bool
) -> None:
    chosen = override_spec(spec, {**changes, "tables.item.size": 40, "fields.user.size": 20})
    model = from_spec(chosen)
    choose_xla(model, chosen.training, steps)
    assert model.jit_compile == expected


@pytest.mark.backend("tensorflow")
def test_it_computes_the_same(spec: FeatureSpec, data: Path, tmp_path: Path) -> None:
    exact = {"training.epochs": 1, "training.id_dropout": 0.0, "model.dropout": 0.0}
    found = []
    for xla in (True, False):
        run = tmp_path / str(xla)
        train(override_spec(spec, {**exact, "training.xla": xla}), data, run)
        prepared = PreparedData.open(data)
        found.append(predict_split(load_run_model(run), prepared, "test", 256).probabilities)
    for task, probabilities in found[0].items():
        np.testing.assert_allclose(probabilities, found[1][task], atol=1e-4)
