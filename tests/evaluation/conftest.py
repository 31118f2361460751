"""Predictions made up, and real prepared data."""

import numpy as np
import pytest

from infnet_keras.data.generated.generate import generate
from infnet_keras.data.preparation.prepare import prepare
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.evaluation import Predictions
from infnet_keras.spec import load_spec


@pytest.fixture
def make_predictions():
    """Predictions of two tasks: each user has a level, scores know part of the truth."""

    def make(rows=3000, users=200, seed=0, skill=1.0, noise=0):
        rng = np.random.default_rng(seed)
        user = rng.integers(0, users, rows) * 11 + 5
        labels, probabilities = {}, {}
        for task, base in (("click", -0.5), ("like", -3.0)):
            logits = base + rng.normal(size=users * 11 + 5)[user - 5] + rng.normal(size=rows)
            happened = (rng.random(rows) < 1 / (1 + np.exp(-logits))).astype("float32")
            happened[rng.random(rows) < 0.1] = np.nan
            blur = np.random.default_rng([noise, seed]).normal(size=rows)
            labels[task] = happened
            guess = base + skill * (logits - base) + blur
            probabilities[task] = (1 / (1 + np.exp(-guess))).astype("float32")
        return Predictions(labels, probabilities, user)

    return make


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Generated logs of the minimal spec, prepared."""
    root = tmp_path_factory.mktemp("prepared")
    spec = load_spec("minimal")
    made = generate(spec, root / "raw", users=40, events=1200, seed=3)
    prepare(spec, root / "raw", root / "data", made.valid_from, made.test_from)
    return PreparedData.open(root / "data")
