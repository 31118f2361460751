"""A run with a number among its tasks, from the log to a scored and an exported model."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from event_values import event_values
from watch_log import WATCH_SPEC, write_watch_log

from infnet_keras.callbacks import ExactAUC
from infnet_keras.cli import main
from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import DataError
from infnet_keras.evaluation import evaluate_predictions, predict_split
from infnet_keras.evaluation.importance.feature_importance import feature_importance
from infnet_keras.spec import FeatureSpec, override_spec, spec_from_dict
from infnet_keras.testing import run_export_test
from infnet_keras.training import train
from infnet_keras.training.load_run_model import load_run_model

EPOCHS = {"training.epochs": 4, "training.batch_size": 100}


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[FeatureSpec, Path]:
    """A spec, and a directory with its log, prepared data and a run of them."""
    directory: Path = tmp_path_factory.mktemp("watched")
    spec = override_spec(spec_from_dict(WATCH_SPEC), EPOCHS)
    write_watch_log(directory / "raw", 2000)
    prepare(spec, directory / "raw", directory / "data", valid_from=0.7, test_from=0.85)
    train(spec, directory / "data", directory / "run")
    return spec, directory


def test_it_learns_the_number_and_says_xauc(watched: tuple[FeatureSpec, Path]) -> None:
    _, directory = watched
    data = PreparedData.open(directory / "data")
    predictions = predict_split(load_run_model(directory / "run"), data, "test")
    report = evaluate_predictions(predictions, 0)
    labels = predictions.labels["watch"]
    alike = np.nanmean(np.abs(labels - np.nanmean(labels)))
    assert report["watch"]["mae"] < alike / 2
    assert report["watch"]["xauc"] > 0.8
    assert 0.9 < report["watch"]["calibration"] < 1.1
    assert report["click"]["auc"] > 0.7


def test_the_history_holds_auc_and_xauc(watched: tuple[FeatureSpec, Path]) -> None:
    spec, directory = watched
    lines = (directory / "run" / "history.jsonl").read_text().splitlines()
    for line in map(json.loads, lines):
        assert (list(line["auc"]), list(line["xauc"])) == (["click"], ["watch"])
        mean = (line["auc"]["click"] + line["xauc"]["watch"]) / 2
        assert line["mean_auc"] == pytest.approx(mean)
    best = max(map(json.loads, lines), key=lambda line: line["mean_auc"])
    data = PreparedData.open(directory / "data")
    # In batches as the evaluations were: others round otherwise, and a near pair may swap.
    size = spec.training.batch_size
    valid = predict_split(load_run_model(directory / "run"), data, "valid", size)
    found = evaluate_predictions(valid, 0)
    assert found["watch"]["xauc"] == pytest.approx(best["xauc"]["watch"], abs=1e-6)
    tags = set().union(*(values for _, values in event_values(directory / "run" / "tensorboard")))
    assert {"auc/click", "xauc/watch", "gxauc/watch", "auc/mean"} <= tags
    assert "auc/watch" not in tags


def test_its_callback_writes_xauc_into_the_logs(watched: tuple[FeatureSpec, Path]) -> None:
    _, directory = watched
    data = PreparedData.open(directory / "data")
    model = load_run_model(directory / "run")
    watch = ExactAUC(data)
    watch.set_model(model)
    logs = watch.measure()
    assert logs["val_auc"] == pytest.approx((logs["val_click_auc"] + logs["val_watch_xauc"]) / 2)
    assert "val_watch_auc" not in logs


def test_importance_is_xauc_lost(watched: tuple[FeatureSpec, Path]) -> None:
    _, directory = watched
    data = PreparedData.open(directory / "data")
    found = feature_importance(load_run_model(directory / "run"), data, "test", 300, bootstrap=0)
    by_name = {each.feature: each.drops for each in found}
    assert max(by_name["shelf"]["watch"], by_name["item"]["watch"]) > 0.05
    for drops in by_name.values():
        assert drops["mean"] == pytest.approx((drops["click"] + drops["watch"]) / 2)


@pytest.mark.backend("tensorflow", "torch")
def test_what_is_exported_answers_in_the_labels_unit(
    watched: tuple[FeatureSpec, Path], tmp_path: Path
) -> None:
    _, directory = watched
    (tmp_path / "served").mkdir()
    run_export_test(load_run_model(directory / "run", with_optimizer=False), tmp_path / "served")


def test_data_of_another_kind_are_refused(
    watched: tuple[FeatureSpec, Path], tmp_path: Path
) -> None:
    spec, directory = watched
    other = override_spec(spec, {"tasks.watch": {"kind": "binary", "scale": None}})
    with pytest.raises(DataError, match=r"other tasks, labels, kinds, masks .*\(watch differs\)"):
        train(other, directory / "data", tmp_path / "run")


def test_scale_and_loss_are_of_the_model_alone(watched: tuple[FeatureSpec, Path]) -> None:
    """The same data serve other ones: no row of them changes."""
    spec, directory = watched
    other = override_spec(spec, {"tasks.watch": {"scale": 1000, "loss": "squared"}})
    found = train(
        override_spec(other, {"training.epochs": 1}), directory / "data", directory / "other"
    )
    assert found.best.xauc["watch"] is not None


def test_a_spec_of_regressions_alone_is_trained(tmp_path: Path) -> None:
    spec = override_spec(spec_from_dict(WATCH_SPEC), {"tasks.click": None, "training.epochs": 1})
    write_watch_log(tmp_path / "raw", 600)
    prepare(spec, tmp_path / "raw", tmp_path / "data", valid_from=0.7, test_from=0.85)
    best = train(spec, tmp_path / "data", tmp_path / "run").best
    assert (best.auc, best.mean_auc) == ({}, best.xauc["watch"])


@pytest.mark.backend("torch")
def test_the_commands(
    watched: tuple[FeatureSpec, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, directory = watched
    on = ["--run", str(directory / "run"), "--data", str(directory / "data"), "--split", "valid"]
    assert main(["evaluate", *on, "--json", str(tmp_path / "report.json")]) == 0
    assert " XAUC " in capsys.readouterr().out
    assert len(json.loads((tmp_path / "report.json").read_text())["watch"]["calibration_deciles"])
    assert main(["evaluate", "importance", *on, "--sample", "100"]) == 0
    assert "watch (XAUC)" in capsys.readouterr().out
    assert main(["predict", *on, "--out", str(tmp_path / "scores.csv")]) == 0
    rows = np.genfromtxt(tmp_path / "scores.csv", delimiter=",", names=True)
    assert rows["watch"].max() > 10000
    keras.utils.clear_session()
