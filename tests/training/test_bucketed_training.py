"""Training on batches whose histories are padded in buckets."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from test_train import AtEvaluation, assert_alike, interrupt
from tiny_log import SPEC

from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.models import from_spec
from infnet_keras.spec import FeatureSpec, spec_from_dict
from infnet_keras.training import TrainingResult, train


@pytest.fixture(scope="module")
def bucketed() -> FeatureSpec:
    """A small model of the tiny log; its clicks, 5 at most, are padded to 5, 2 and 1."""
    training = {**SPEC["training"], "bucket_by_length": True, "id_dropout": 0.0, "epochs": 2}
    model = {"type": "shared_bottom", "bottom_hidden": [8], "tower_hidden": [8]}
    return spec_from_dict({**SPEC, "model": model, "training": training})


@pytest.fixture(scope="module")
def run(
    tmp_path_factory: pytest.TempPathFactory, bucketed: FeatureSpec, data: Path
) -> TrainingResult:
    return train(bucketed, data, tmp_path_factory.mktemp("bucketed") / "run")


@pytest.mark.long("tensorflow", "jax")
def test_it_learns(run: TrainingResult) -> None:
    assert [(e.epoch, e.step) for e in run.evaluations] == [(1, 8), (2, 16)]
    assert run.best.mean_auc > 0.6


@pytest.mark.long("tensorflow", "jax")
def test_a_resumed_run_equals_an_uninterrupted_one(
    run: TrainingResult, bucketed: FeatureSpec, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(KeyboardInterrupt):
        train(bucketed, data, tmp_path / "run", progress=AtEvaluation(2, interrupt))
    assert_alike(train(bucketed, data, tmp_path / "run").evaluations, run.evaluations)


@pytest.mark.backend("tensorflow", "jax")
def test_a_step_is_compiled_once(bucketed: FeatureSpec, data: Path) -> None:
    prepared = PreparedData.open(data)
    model = from_spec(bucketed, prepared)
    called: list[Any] = []
    represent = model.represent
    model.represent = lambda *given: (called.append(1), represent(*given))[1]
    batches = ImpressionDataset(prepared, "train", 60, shuffle=True, bucket_by_length=True)
    assert len(batches.reader.buckets.rows) == 3
    model.fit(batches, epochs=2, shuffle=False, verbose=0)
    assert len(called) == 1


def test_an_epoch_has_the_loss_of_the_same_batches_padded_as_a_whole(
    bucketed: FeatureSpec, data: Path
) -> None:
    """Nothing is learnt, so that the order of the batches does not matter."""
    prepared = PreparedData.open(data)
    keras.utils.set_random_seed(0)
    model = from_spec(bucketed, prepared, **{"training.schedule": {}})
    model.compile(keras.optimizers.SGD(1e-30))
    losses = [
        model.fit(
            ImpressionDataset(prepared, "train", 60, shuffle=True, bucket_by_length=buckets),
            verbose=0,
        ).history["loss"][0]
        for buckets in (False, True)
    ]
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-5)
