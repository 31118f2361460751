"""A run on eight devices is that of one, its tables lie by row, and either continues the other."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import eight_devices
import keras
import numpy as np
import pytest
from eight_devices import (
    DOCUMENT,
    LARGE,
    RUNS,
    StopAfterFirst,
    losses_of_a_users_own_fit,
    spec_of,
)
from tiny_log import write_log

from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import DataError
from infnet_keras.evaluation import predict_split
from infnet_keras.metrics import auc
from infnet_keras.spec import spec_from_dict
from infnet_keras.training import TrainingResult, train

pytestmark = pytest.mark.backend("jax")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """480 impressions to train on."""
    directory = tmp_path_factory.mktemp("eight_data")
    write_log(directory / "raw", 600)
    spec = spec_from_dict(DOCUMENT)
    prepare(spec, directory / "raw", directory / "data", valid_from=0.8, test_from=0.9)
    return directory / "data"


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory, data: Path) -> dict[str, Any]:
    """Each run on one device: its directory and its result."""
    folder = tmp_path_factory.mktemp("one")
    return {run: (folder / run, train(spec_of(run), data, folder / run)) for run in RUNS}


@pytest.fixture(scope="module")
def eight(tmp_path_factory: pytest.TempPathFactory, data: Path) -> Path:
    """What `eight_devices.py` leaves; there it goes on with a run that one device began here."""
    folder = tmp_path_factory.mktemp("eight")
    with pytest.raises(KeyboardInterrupt):
        train(spec_of("adagrad_rowwise"), data, folder / "continued", callbacks=[StopAfterFirst()])
    flags = os.environ.get("XLA_FLAGS", "")
    folders = [str(parent) for parent in Path(__file__).parents[:2]]
    path = os.pathsep.join([*folders, os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, eight_devices.__file__, data, folder],
        env={
            **os.environ,
            "PYTHONPATH": path,
            "XLA_FLAGS": f"{flags} --xla_force_host_platform_device_count=8",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "interrupted" in done.stdout
    return folder


def result_in(run: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run / "history.jsonl").read_text().splitlines()]


def assert_same_run(run: Path, expected_run: Path, expected: TrainingResult) -> None:
    """Evaluations and the best model, up to rounding; the model is read by one device."""
    found = result_in(run)
    assert [line["step"] for line in found] == [e.step for e in expected.evaluations]
    for line, evaluation in zip(found, expected.evaluations, strict=True):
        assert line["loss"] == pytest.approx(evaluation.loss, abs=1e-4)
        assert line["auc"] == pytest.approx(evaluation.auc, abs=5e-3)
    model, other = (keras.models.load_model(p / "model.keras") for p in (run, expected_run))
    pairs = [*zip(model.weights, other.weights, strict=True)]
    pairs += zip(model.optimizer.variables, other.optimizer.variables, strict=True)
    for one, two in pairs:
        assert one.shape == two.shape, one.path
        values, wanted = (keras.ops.convert_to_numpy(v).astype("float64") for v in (one, two))
        np.testing.assert_allclose(values, wanted, rtol=1e-2, atol=1e-3, err_msg=one.path)


@pytest.mark.parametrize("run", RUNS)
def test_eight_devices_train_what_one_does(one: dict[str, Any], eight: Path, run: str) -> None:
    assert_same_run(eight / run, *one[run])


@pytest.mark.parametrize("run", RUNS)
def test_one_device_measures_the_model_alike(eight: Path, data: Path, run: str) -> None:
    best = max(result_in(eight / run), key=lambda line: line["mean_auc"])
    model = keras.models.load_model(eight / run / "model.keras")
    predictions = predict_split(model, PreparedData.open(data), "valid", 50)
    for task, expected in best["auc"].items():
        found = auc(predictions.labels[task], predictions.probabilities[task])
        assert found == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("run", RUNS)
def test_tables_and_what_is_kept_for_rows_lie_by_row(eight: Path, run: str) -> None:
    model = keras.models.load_model(eight / run / "model.keras")
    rows = {w.path: w.shape[0] for w in model.embedded_inputs.weights_read.values()}
    assert all(count % 8 for count in rows.values())  # the tables are padded on eight devices
    placed = json.loads((eight / f"{run}.json").read_text())
    by_row = {path for path in placed if "tables_" in path or "row_updates" in path}
    # Beside a table: two moments of Adam's, or a slot and the places.
    assert len(by_row) == 3 * len(rows)
    for path, found in placed.items():
        assert found["devices"] == 8
        shape, shards = found["shape"], found["shards"]
        if path in by_row:
            assert shape[0] == -(-next(iter(rows.values())) // 8) * 8
            assert shards == [[shape[0] // 8, *shape[1:]]] * 8, path
        else:
            assert shards == [shape] * 8, path


def test_no_step_sends_a_large_table(eight: Path) -> None:
    """What XLA compiled sends rows from device to device, and gradients of other weights."""
    program = (eight / "step.hlo").read_text()
    assert re.search(rf"f32\[{LARGE // 8 + 5},8\]", program)  # a device's part
    sent = re.findall(r"= (\S.*) (?:all-gather|all-reduce|all-to-all)\(", program)
    sizes = [math.prod(map(int, s.split(","))) for s in re.findall(r"\[([\d,]+)\]", str(sent))]
    assert 16 * 3 * 8 in sizes  # the rows of a batch: three fields
    assert max(sizes) < LARGE * 8 / 2


def test_one_device_continues_what_eight_began(
    one: dict[str, Any], eight: Path, data: Path
) -> None:
    run = eight / "interrupted"
    assert json.loads((run / "state.json").read_text())["epoch"] == 1
    train(spec_of("adagrad_rowwise"), data, run)
    assert_same_run(run, *one["adagrad_rowwise"])
    sessions = json.loads((run / "environment.json").read_text())["sessions"]
    assert [session["devices"] for session in sessions] == [8, 1]


def test_eight_devices_continue_what_one_began(one: dict[str, Any], eight: Path) -> None:
    assert_same_run(eight / "continued", *one["adagrad_rowwise"])


def test_a_users_own_fit_shares_the_last_batch_too(eight: Path, data: Path) -> None:
    """Under Keras' `DataParallel` the last batch was one that four devices could not share."""
    found = json.loads((eight / "own_fit.json").read_text())
    assert found == pytest.approx(losses_of_a_users_own_fit(data), abs=1e-4)


def test_batches_that_devices_cannot_share_are_refused(data: Path) -> None:
    from infnet_keras.data.prepared.dataset import ImpressionDataset
    from infnet_keras.devices.share import Share

    with pytest.raises(DataError, match="3 devices cannot share batches of 64 equally"):
        ImpressionDataset(PreparedData.open(data), "train", 64, share=Share(0, 3))
