"""How often TensorFlow traces a step of training."""

import keras
import numpy as np
import pytest

from infnet_keras.models import from_spec
from infnet_keras.testing import random_inputs

pytestmark = pytest.mark.backend("tensorflow")


@pytest.mark.parametrize("metrics", [None, "auc"])
def test_a_step_is_traced_once_and_metrics_begin_at_zero(metrics):
    model = from_spec("minimal", **{"model.dim": 4, "model.blocks": 2})
    if metrics is not None:
        model.compile(metrics={"click": [keras.metrics.AUC(name="auc")]})
    traced = []
    call = model.call
    model.call = lambda *arguments, **options: (traced.append(1), call(*arguments, **options))[1]
    inputs = random_inputs(model.spec, model.table_rows, 8)
    labels = {task: np.array([0, 1] * 4, "float32") for task in model.tasks}
    history = model.fit(inputs, labels, batch_size=8, epochs=2, verbose=0).history
    assert len(traced) == 1

    plain = from_spec("minimal", **{"model.dim": 4, "model.blocks": 2})
    plain.compile(model.optimizer.__class__(), run_eagerly=True)
    plain.set_weights(model.get_weights())
    expected = plain.evaluate(inputs, labels, verbose=0)
    found = model.evaluate(inputs, labels, verbose=0)
    np.testing.assert_allclose(np.ravel(found)[0], np.ravel(expected)[0], rtol=1e-5)
    assert len(history["loss"]) == 2
