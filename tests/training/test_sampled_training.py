"""Training on a sample of the negatives leaves probabilities what they are on the whole log."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from tiny_log import write_log

from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import DataError
from infnet_keras.evaluation import predict_split
from infnet_keras.models import from_spec
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.testing import random_inputs
from infnet_keras.training import train
from infnet_keras.training.load_run_model import load_run_model

pytestmark = pytest.mark.usefixtures("uncompiled")
SAMPLE = {"sample": {"negatives": 0.25}, "model.dropout": 0.0, "training.epochs": 6}
TABLES = {"training.tables": {"optimizer": "adam_lazy"}, "weighting": "fixed"}


def calibration(spec: FeatureSpec, data: Path, run: Path) -> float:
    """Mean probability over mean label of clicks on the test part."""
    train(spec, data, run)
    found = predict_split(load_run_model(run), PreparedData.open(data), "test", 256)
    return float(found.probabilities["click"].mean() / found.labels["click"].mean())


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory: Path = tmp_path_factory.mktemp("sampled") / "raw"
    write_log(directory, 3000)
    return directory


@pytest.mark.parametrize("tables", ["dense", "adagrad_rowwise"])
def test_a_weight_is_as_many_rows(spec: FeatureSpec, tables: str) -> None:
    """A loss is the weighted mean."""
    plain = {
        "weighting": "fixed",
        "weight": "shelf",  # a spec that weighs; the weights are given below
        "training.optimizer": "sgd",
        "training.id_dropout": 0.0,
        "model.dropout": 0.0,
        "training.schedule": {"decay": "constant", "warmup_steps": 0},
        "training.tables": {"optimizer": tables},
        "tables.item.size": 40,
        "fields.user.size": 20,
    }
    weights = np.array([1, 3, 2, 2, 1, 3, 1, 1])
    steps = []
    for rows, given in ((np.arange(8), weights), (np.repeat(np.arange(8), weights), None)):
        keras.utils.set_random_seed(0)
        model = from_spec(override_spec(spec, plain))
        before = [keras.ops.convert_to_numpy(weight.value).copy() for weight in model.weights]
        inputs = random_inputs(model.spec, model.table_rows, 8, seed=1)
        labels = {"click": np.arange(8.0) % 2, "like": np.arange(8.0) % 3 // 2}
        model.train_on_batch(
            {name: ids[rows] for name, ids in inputs.items()},
            {task: values[rows] for task, values in labels.items()},
            None if given is None else dict.fromkeys(labels, given.astype("float32")),
        )
        after = [keras.ops.convert_to_numpy(weight.value) for weight in model.weights]
        steps.append([b - a for a, b in zip(before, after, strict=True)])
    by_row = {id(weight) for weight in model.weights} - {id(w) for w in model.trainable_weights}
    for weight, one, other in zip(model.weights, *steps, strict=True):
        if id(weight) not in by_row:
            np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-5, err_msg=weight.path)
        elif "tables" in weight.path:  # Adagrad's first step is the gradient's direction
            cosine = (one * other).sum() / np.sqrt((one**2).sum() * (other**2).sum())
            assert cosine > 0.999, weight.path


@pytest.mark.backend("torch")  # which compiles nothing
@pytest.mark.parametrize("more", [{}, TABLES], ids=["dense", "row-wise"])
def test_probabilities_are_those_of_the_whole_log(
    spec: FeatureSpec, raw: Path, tmp_path: Path, more: dict[str, Any]
) -> None:
    sampled = override_spec(spec, {**SAMPLE, **more})
    data = tmp_path / "data"
    prepare(sampled, raw, data, 0.8, 0.9)
    # Without weights it is 1.4.
    assert calibration(sampled, data, tmp_path / "run") == pytest.approx(1.0, abs=0.12)


def test_data_of_another_sample_are_refused(spec: FeatureSpec, raw: Path, tmp_path: Path) -> None:
    prepare(override_spec(spec, SAMPLE), raw, tmp_path / "data", 0.8, 0.9)
    with pytest.raises(DataError, match="prepared with another `sample`"):
        train(spec, tmp_path / "data", tmp_path / "run")
    weighed = override_spec(spec, {**SAMPLE, "tasks.like.weight": "shelf"})
    with pytest.raises(DataError, match=r"columns of weights \(like differs\)"):
        train(weighed, tmp_path / "data", tmp_path / "run")
