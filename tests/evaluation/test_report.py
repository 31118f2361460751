import json

import numpy as np
import pytest
from rich.console import Console
from sklearn.metrics import roc_auc_score

from infnet_keras.errors import DataError
from infnet_keras.evaluation import Predictions, evaluate_predictions, report_table
from infnet_keras.metrics import (
    calibration,
    expected_calibration_error,
    grouped_auc,
    log_loss,
)


def test_holds_every_metric_of_every_task(make_predictions):
    predictions = make_predictions()
    report = evaluate_predictions(predictions, bootstrap=30)
    assert list(report) == ["click", "like", "mean"]
    for task in ("click", "like"):
        labels, scores = predictions.labels[task], predictions.probabilities[task]
        kept = ~np.isnan(labels)
        found = report[task]
        uniform = grouped_auc(labels, scores, predictions.users)
        assert found["auc"] == pytest.approx(roc_auc_score(labels[kept], scores[kept]), abs=1e-12)
        assert found["gauc"] == uniform.value
        assert (found["users"], found["users_left_out"]) == uniform[1:]
        impression = grouped_auc(labels, scores, predictions.users, "impression")
        assert found["gauc_impression"] == impression.value
        assert found["logloss"] == log_loss(labels, scores)
        assert found["calibration"] == calibration(labels, scores)
        assert found["ece"] == expected_calibration_error(labels, scores)
        assert found["impressions"] == kept.sum()
        assert found["positives"] == labels[kept].sum()
        for metric in ("auc", "gauc"):
            low, high = found[f"{metric}_ci95"]
            assert low < found[metric] < high
            assert high - low < 0.2
    for metric in ("auc", "gauc"):
        mean = (report["click"][metric] + report["like"][metric]) / 2
        assert report["mean"][metric] == pytest.approx(mean)


def test_equal_seeds_give_equal_reports(make_predictions):
    predictions = make_predictions(rows=500)
    one = evaluate_predictions(predictions, bootstrap=20, seed=1)
    assert one == evaluate_predictions(predictions, bootstrap=20, seed=1)
    other = evaluate_predictions(predictions, bootstrap=20, seed=2)
    assert one["click"]["auc"] == other["click"]["auc"]
    assert one["click"]["auc_ci95"] != other["click"]["auc_ci95"]


def test_intervals_cover_the_truth_about_as_often_as_they_say(make_predictions):
    """The truth is the metric on many users; samples of 150 users should mostly hold it."""
    truth = evaluate_predictions(make_predictions(60_000, 6000, seed=99), bootstrap=0)
    covered = {"auc": 0, "gauc": 0}
    for seed in range(40):
        sample = evaluate_predictions(make_predictions(1500, 150, seed), bootstrap=100)
        for metric in covered:
            low, high = sample["click"][f"{metric}_ci95"]
            covered[metric] += low <= truth["click"][metric] <= high
    assert all(count >= 33 for count in covered.values()), covered


def test_a_user_counts_as_a_whole(make_predictions):
    """Repeating every row adds rows and no user: the interval stays where it was."""
    predictions = make_predictions(rows=400, users=60)
    repeated = Predictions(
        {task: np.repeat(values, 5) for task, values in predictions.labels.items()},
        {task: np.repeat(values, 5) for task, values in predictions.probabilities.items()},
        np.repeat(predictions.users, 5),
    )
    one = evaluate_predictions(predictions, bootstrap=50)["click"]
    other = evaluate_predictions(repeated, bootstrap=50)["click"]
    assert other["auc_ci95"] == pytest.approx(one["auc_ci95"], abs=1e-12)
    assert other["gauc_ci95"] == pytest.approx(one["gauc_ci95"], abs=1e-12)


def test_json_has_null_and_not_nan_where_a_metric_has_no_value():
    labels = np.array([1, 0, np.nan, 0], "float32")
    nothing, zeros = np.full(4, np.nan, "float32"), np.zeros(4, "float32")
    half = np.full(4, 0.5, "float32")
    predictions = Predictions(
        {"click": labels, "like": nothing, "share": zeros},
        {"click": half, "like": half, "share": half},
        np.array([1, 1, 2, 3]),
    )
    report = evaluate_predictions(predictions, bootstrap=10)
    json.dumps(report, allow_nan=False)
    assert report["click"]["auc"] == 0.5
    assert report["like"]["auc"] is None
    assert report["like"]["auc_ci95"] is None
    assert report["like"]["logloss"] is None
    assert report["like"]["impressions"] == 0
    assert report["share"]["gauc"] is None
    assert report["share"]["calibration"] is None
    assert report["share"]["users_left_out"] == 3
    assert report["mean"] == {"auc": 0.5, "gauc": 0.5}


def test_one_user_and_no_rows_at_all():
    labels = np.array([1, 0], "float32")
    scores = np.array([0.7, 0.2], "float32")
    one = evaluate_predictions(Predictions({"click": labels}, {"click": scores}, np.array([4, 4])))
    assert one["click"]["gauc_ci95"] == [1.0, 1.0]
    empty = Predictions({"click": labels[:0]}, {"click": scores[:0]}, np.zeros(0, np.int64))
    assert evaluate_predictions(empty)["click"]["auc"] is None


def test_without_a_bootstrap_there_are_no_intervals(make_predictions):
    report = evaluate_predictions(make_predictions(rows=100), bootstrap=0)
    assert report["click"]["auc_ci95"] is None
    assert report["click"]["gauc_ci95"] is None


def test_a_diverged_model_is_refused(make_predictions):
    predictions = make_predictions(rows=100)
    predictions.probabilities["like"][7] = np.nan
    predictions.labels["like"][7] = 1.0
    with pytest.raises(DataError, match="diverged"):
        evaluate_predictions(predictions)


def test_the_table_shows_the_numbers(make_predictions):
    report = evaluate_predictions(make_predictions(rows=300), bootstrap=5)
    report["like"] |= {"auc": None, "auc_ci95": None}
    console = Console(width=100, record=True, quiet=False, file=None, force_terminal=False)
    with console.capture() as captured:
        console.print(report_table(report, "test"))
    text = captured.get()
    low, high = report["click"]["auc_ci95"]
    assert f"{report['click']['auc']:.4f}" in text
    assert f"{low:.4f}-{high:.4f}".replace("0.", ".") in text
    assert f"{report['mean']['gauc']:.4f}" in text
    assert str(report["like"]["positives"]) in text
