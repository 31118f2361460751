"""What a model learned of a generated log is what was planted in it, in order."""

import csv
from pathlib import Path

import numpy as np
import pytest

from infnet_keras.data import PreparedData, prepare
from infnet_keras.evaluation.importance.feature_importance import feature_importance
from infnet_keras.spec import spec_from_dict
from infnet_keras.training import train
from infnet_keras.training.load_run_model import load_run_model

pytestmark = pytest.mark.backend("torch")

# What each field adds to a task's logit, times a number that is drawn for each of its values.
WEIGHTS = {
    "click": {"strong": 2.0, "middle": 1.2, "weak": 0.6, "nothing": 0.0},
    "buy": {"strong": 0.0, "middle": 0.6, "weak": 2.0, "nothing": 0.0},
}
VALUES, EVENTS = 6, 12_000
SPEC = {
    "name": "planted",
    "sources": {"events": {"files": "events.csv", "time": {"row_order": "log"}}},
    "keys": {"user": "user", "item": "strong"},
    "defaults": {"dim": 8},
    "fields": {
        "user": {"side": "user", "vocabulary": {}},
        **{name: {"side": "item", "identity": VALUES} for name in WEIGHTS["click"]},
    },
    "tasks": {task: {"label": task} for task in WEIGHTS},
    "training": {"batch_size": 256, "learning_rate": 0.01, "epochs": 6},
}


@pytest.mark.parametrize("model", ["shared_bottom", "infnet"])
def test_planted_fields_are_found_in_order(model: str, tmp_path: Path) -> None:
    draws = np.random.default_rng(0)
    worth = np.linspace(-1, 1, VALUES)
    rows = {"user": draws.integers(0, 300, EVENTS)}
    rows |= {name: draws.integers(0, VALUES, EVENTS) for name in WEIGHTS["click"]}
    for task, weights in WEIGHTS.items():
        logit = sum(weight * worth[rows[name]] for name, weight in weights.items())
        rows[task] = (draws.random(EVENTS) < 1 / (1 + np.exp(-logit))).astype(int)
    (tmp_path / "raw").mkdir()
    with (tmp_path / "raw" / "events.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(rows)
        writer.writerows(zip(*rows.values(), strict=True))
    spec = spec_from_dict({**SPEC, "model": {"type": model, "tower_hidden": [16]}})
    prepare(spec, tmp_path / "raw", tmp_path / "data", valid_from=0.7, test_from=0.85)
    data = PreparedData.open(tmp_path / "data")
    train(spec, data, tmp_path / "run")
    found = feature_importance(
        load_run_model(tmp_path / "run"), data, "test", sample=1800, rounds=3
    )
    for task, weights in WEIGHTS.items():
        drops = {each.feature: each.drops[task] for each in found}
        planted = sorted((w for w in weights.items() if w[1] > 0), key=lambda each: -each[1])
        by_drop = sorted(drops, key=lambda name: -drops[name])
        assert by_drop[: len(planted)] == [name for name, _ in planted], drops
        intervals = {each.feature: each.intervals[task] for each in found}
        for name, weight in weights.items():
            low, _ = intervals[name]
            assert (low > 0) == (weight > 0), (task, name, drops, intervals)
