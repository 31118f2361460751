"""Reports, comparisons and importance where a task's label is a number."""

import numpy as np
import pytest
from rich.console import Console
from sklearn.metrics import mean_absolute_error, root_mean_squared_error

from infnet_keras.errors import DataError, InfnetError
from infnet_keras.evaluation import (
    Predictions,
    compare_predictions,
    comparison_table,
    evaluate_predictions,
    report_table,
    task_aucs,
)
from infnet_keras.evaluation.bootstrap import user_multiplicities
from infnet_keras.evaluation.plots import plot_calibration
from infnet_keras.evaluation.resampled import resampled
from infnet_keras.metrics import auc, xauc


@pytest.fixture
def predictions():
    return make()


def make(skill=1.0, seed=0):
    random = np.random.default_rng(0)
    users = random.integers(0, 40, 800)
    level = 30000 + 9000 * random.normal(size=40)[users]
    watched = (level + random.normal(0, 20000, 800)).astype("float32")
    watched[random.random(800) < 0.1] = np.nan
    noise = np.random.default_rng(seed).normal(0, 20000, 800)
    said = (skill * np.nan_to_num(watched, nan=3e4) + noise).astype("float32")
    click = (random.random(800) < 0.4).astype("float32")
    labels = {"click": click, "watch": watched}
    answers = {"click": random.random(800).astype("float32"), "watch": said}
    return Predictions(labels, answers, users * 3, frozenset({"watch"}))


def test_a_regression_has_metrics_of_its_own(predictions):
    report = evaluate_predictions(predictions, 20)
    watch = report["watch"]
    labels, said = predictions.labels["watch"], predictions.probabilities["watch"]
    known = ~np.isnan(labels)
    assert watch["mae"] == pytest.approx(mean_absolute_error(labels[known], said[known]))
    assert watch["rmse"] == pytest.approx(root_mean_squared_error(labels[known], said[known]))
    assert watch["xauc"] == xauc(labels, said)
    assert watch["mean_label"] == pytest.approx(np.nanmean(labels.astype(float)))
    assert watch["impressions"] == known.sum()
    deciles = watch["calibration_deciles"]
    assert [each["impressions"] for each in deciles] == pytest.approx(
        [known.sum() / 10] * 10, abs=1
    )
    for name in ("xauc", "gxauc", "mae", "rmse"):
        low, high = watch[f"{name}_ci95"]
        assert low < watch[name] < high
    assert not {"auc", "logloss", "positives"} & set(watch)
    assert report["mean"]["auc"] == pytest.approx((report["click"]["auc"] + watch["xauc"]) / 2)
    assert report["mean"]["gauc"] == pytest.approx((report["click"]["gauc"] + watch["gxauc"]) / 2)
    assert evaluate_predictions(predictions, 0)["watch"]["mae_ci95"] is None


def test_resampled_users_count_as_often_as_they_are_drawn(predictions):
    """Against the metrics of rows that really stand so often."""
    users, codes = np.unique(predictions.users, return_inverse=True)
    task = resampled(predictions, "watch", codes, len(users))
    labels, said = predictions.labels["watch"], predictions.probabilities["watch"]
    for multiplicity in user_multiplicities(len(users), 3, seed=1):
        times = multiplicity[codes].astype(int) * ~np.isnan(labels)
        rows = np.repeat(np.arange(len(labels)), times)
        assert task.auc(multiplicity) == pytest.approx(xauc(labels[rows], said[rows]))
        expected = mean_absolute_error(labels[rows], said[rows])
        assert task.mae(multiplicity) == pytest.approx(expected)
        expected = root_mean_squared_error(labels[rows], said[rows])
        assert task.rmse(multiplicity) == pytest.approx(expected)
        each = [xauc(labels[codes == u], said[codes == u]) for u in range(len(users))]
        assert task.gauc(multiplicity) == pytest.approx(np.average(each, weights=multiplicity))


def test_what_chooses_a_model_is_the_mean_of_auc_and_xauc(predictions):
    found = task_aucs(predictions)
    click = auc(predictions.labels["click"], predictions.probabilities["click"])
    watch = xauc(predictions.labels["watch"], predictions.probabilities["watch"])
    assert (found.auc, found.xauc) == ({"click": click}, {"watch": watch})
    assert found.mean_auc == pytest.approx((click + watch) / 2)


def test_two_models_are_compared_by_xauc(predictions):
    worse = make(skill=0.1, seed=5)
    found = compare_predictions(predictions, worse, 100)
    assert set(found["watch"]) == {
        *("xauc", "xauc_difference", "xauc_difference_ci95"),
        *("gxauc", "gxauc_difference", "gxauc_difference_ci95"),
    }
    assert found["watch"]["xauc_difference_ci95"][1] < 0
    assert found["mean"]["auc_difference"] == pytest.approx(found["watch"]["xauc_difference"] / 2)
    binary = Predictions(predictions.labels, predictions.probabilities, predictions.users)
    with pytest.raises(DataError, match="a regression in one of the two alone"):
        compare_predictions(predictions, binary)


def test_predictions_survive_their_file(predictions, tmp_path):
    predictions.save(tmp_path / "p.npz")
    found = Predictions.load(tmp_path / "p.npz")
    assert found.regressions == {"watch"}
    np.testing.assert_array_equal(found.labels["watch"], predictions.labels["watch"])
    with pytest.raises(DataError, match="no task 'buy' that could be a regression"):
        Predictions(found.labels, found.probabilities, found.users, frozenset({"buy"}))


def test_tables_name_xauc(predictions):
    console = Console(width=120, record=True, file=None)
    console.print(report_table(evaluate_predictions(predictions, 0)))
    comparison = compare_predictions(predictions, predictions, 2)
    console.print(comparison_table(comparison, "a", "b"))
    printed = console.export_text()
    for heading in ("XAUC", "gXAUC", "MAE", "RMSE", "mean label", "positives"):
        assert f" {heading} " in printed
    click = {"click": predictions.labels["click"]}
    said = {"click": predictions.probabilities["click"]}
    console.print(
        report_table(evaluate_predictions(Predictions(click, said, predictions.users), 0))
    )
    assert "XAUC" not in console.export_text()


def test_the_plot_of_calibration_is_of_probabilities(predictions, tmp_path):
    plot_calibration(predictions, tmp_path / "calibration.svg")
    assert ">watch<" not in (tmp_path / "calibration.svg").read_text()
    only = {"watch": predictions.labels["watch"]}, {"watch": predictions.probabilities["watch"]}
    numbers = Predictions(*only, predictions.users, frozenset({"watch"}))
    with pytest.raises(InfnetError, match="every task is a regression"):
        plot_calibration(numbers, tmp_path / "none.svg")


def test_no_number_of_the_table_is_cut():
    """An interval of milliseconds is wider than one of an AUC."""
    from io import StringIO

    from rich.console import Console

    from infnet_keras.evaluation.table import report_table

    report = {
        f"task{number}": {"mae": 20_724.5, "mae_ci95": [20_227.3, 21_293.4], "impressions": 17_194}
        for number in range(4)
    }
    out = StringIO()
    Console(file=out, width=80).print(report_table(report, "wide"))
    assert "…" not in out.getvalue()
    assert out.getvalue().count("20,724") == 4
    assert out.getvalue().count("20,227-21,293") == 4
