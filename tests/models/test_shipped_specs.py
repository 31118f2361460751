"""Every shipped spec builds without data, on torch as every model, in a fresh process a backend."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

import feature_specs
from infnet_keras.models import MODELS
from infnet_keras.spec import load_spec, shipped_specs

BUILD = """
import gc, json, sys
import infnet_keras
found = []
for path, kind in json.loads(sys.argv[1]):
    model = infnet_keras.from_spec(path, **({"model.type": kind} if kind else {}))
    found.append([path, model.spec.model.type, model.built and model.compiled])
    del model
    gc.collect()
print(json.dumps(found))
"""

# The card's own line, and a fit on a few rows.
FIT = """
import json
import numpy as np
import keras
import infnet_keras
from infnet_keras.testing import random_inputs
model = infnet_keras.from_spec("feature_specs/qb_video.yaml")
inputs = random_inputs(model.spec, model.table_rows, 12)
labels = {task: np.arange(12, dtype="float32") % 2 for task in model.tasks}
class Stop(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        self.model.stop_training = epoch == 1
rates = []
for callbacks in ([Stop()], []):  # 2 of 3 epochs of 2 steps, then a whole fit of its own
    history = model.fit(inputs, labels, batch_size=6, epochs=3, callbacks=callbacks, verbose=0)
    rates.append(float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)))
print(json.dumps([rates, history.history["loss"]]))
"""


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=Path(feature_specs.__file__).parent.parent,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


EVERY = [pytest.mark.backend("torch"), pytest.mark.long]


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.parametrize("kind", ["", pytest.param("every", marks=EVERY)], ids=["own", "every"])
def test_every_shipped_spec_builds(kind):
    """As the model that it names, and as every model there is."""
    paths = [f"feature_specs/{name}.yaml" for name in shipped_specs()]
    cases = [[path, name] for path in paths for name in (MODELS if kind else [""])]
    expected = [[path, name or load_spec(path).model.type, True] for path, name in cases]
    assert run(BUILD, json.dumps(cases)) == expected


@pytest.mark.long("tensorflow", "jax")
def test_the_cards_line_and_a_fit():
    rates, losses = run(FIT)
    spec = load_spec("qb_video")
    assert spec.training.schedule.decay == "cosine"

    def cosine(step, total=6):
        height = (1 + math.cos(math.pi * step / total)) / 2
        final = spec.training.schedule.final
        return spec.training.learning_rate * (final + (1 - final) * height)

    for found, step in zip(rates, (4, 6), strict=True):
        assert math.isclose(found, cosine(step), rel_tol=1e-4, abs_tol=1e-9)
    assert all(map(math.isfinite, losses))
