import json

import numpy as np
import pytest
from rich.console import Console

from infnet_keras.errors import DataError
from infnet_keras.evaluation import (
    Predictions,
    compare_predictions,
    comparison_table,
    evaluate_predictions,
)


def test_a_model_equals_itself(make_predictions):
    predictions = make_predictions(rows=500)
    comparison = compare_predictions(predictions, predictions, bootstrap=20)
    assert list(comparison) == ["click", "like", "mean"]
    for values in comparison.values():
        assert values["auc_difference"] == 0.0
        assert values["auc_difference_ci95"] == [0.0, 0.0]
        assert values["gauc_difference_ci95"] == [0.0, 0.0]


def test_a_better_model_is_told_from_a_worse_one(make_predictions):
    worse, better = make_predictions(skill=0.5), make_predictions(skill=1.5)
    comparison = compare_predictions(worse, better, bootstrap=100)
    assert list(comparison) == ["click", "like", "mean"]
    reports = [evaluate_predictions(p, bootstrap=0) for p in (worse, better)]
    for task, values in comparison.items():
        for metric in ("auc", "gauc"):
            one, other = (report[task][metric] for report in reports)
            assert values[metric] == pytest.approx([one, other], abs=1e-12)
            assert values[f"{metric}_difference"] == pytest.approx(other - one, abs=1e-12)
            low, high = values[f"{metric}_difference_ci95"]
            assert low < other - one < high
        assert values["auc_difference_ci95"][0] > 0.0
    mirrored = compare_predictions(better, worse, bootstrap=100)
    np.testing.assert_allclose(
        mirrored["click"]["auc_difference_ci95"],
        -np.array(comparison["click"]["auc_difference_ci95"])[::-1],
    )


def test_pairing_makes_the_interval_narrower_than_the_models_own(make_predictions):
    first, second = make_predictions(), make_predictions(skill=1.05)
    comparison = compare_predictions(first, second, bootstrap=100)["click"]
    own = evaluate_predictions(first, bootstrap=100)["click"]["auc_ci95"]
    assert np.ptp(comparison["auc_difference_ci95"]) < np.ptp(own) / 3


def test_two_models_of_equal_skill_are_seldom_told_apart(make_predictions):
    different = 0
    for seed in range(20):
        one, other = (make_predictions(1000, 100, seed, noise=n) for n in (1, 2))
        low, high = compare_predictions(one, other, 100)["click"]["auc_difference_ci95"]
        different += not low <= 0.0 <= high
    assert different <= 4


def test_equal_seeds_give_equal_comparisons(make_predictions):
    pair = make_predictions(rows=300), make_predictions(rows=300, skill=0.4)
    assert compare_predictions(*pair, 20, seed=3) == compare_predictions(*pair, 20, seed=3)


def test_refuses_other_rows(make_predictions):
    first = make_predictions(rows=100)
    fewer = make_predictions(rows=90)
    with pytest.raises(DataError, match="100 and 90 rows"):
        compare_predictions(first, fewer)
    other_users = Predictions(first.labels, first.probabilities, first.users[::-1])
    with pytest.raises(DataError, match="rows differ"):
        compare_predictions(first, other_users)
    labels = {"click": first.labels["click"], "like": np.nan_to_num(first.labels["like"])}
    with pytest.raises(DataError, match="labels of task 'like' differ"):
        compare_predictions(first, Predictions(labels, first.probabilities, first.users))
    one_task = Predictions(
        {"click": first.labels["click"]}, {"click": first.probabilities["click"]}, first.users
    )
    with pytest.raises(DataError, match="tasks differ"):
        compare_predictions(first, one_task)


def test_a_task_without_positives_is_null_and_leaves_the_mean(make_predictions):
    first, second = make_predictions(rows=300), make_predictions(rows=300, skill=0.2)
    for predictions in (first, second):
        predictions.labels["like"][:] = 0.0
    comparison = compare_predictions(first, second, bootstrap=20)
    json.dumps(comparison, allow_nan=False)
    assert comparison["like"]["auc"] == [None, None]
    assert comparison["like"]["auc_difference"] is None
    assert comparison["like"]["auc_difference_ci95"] is None
    for key in ("auc_difference", "auc_difference_ci95", "gauc_difference_ci95"):
        assert comparison["mean"][key] == comparison["click"][key]


def test_the_table_names_both_models(make_predictions):
    pair = make_predictions(rows=300), make_predictions(rows=300, skill=0.4)
    comparison = compare_predictions(*pair, bootstrap=20)
    console = Console(width=120)
    with console.capture() as captured:
        console.print(comparison_table(comparison, "infnet", "mmoe"))
    text = captured.get()
    low, high = comparison["like"]["gauc_difference_ci95"]
    assert "infnet" in text
    assert "mmoe" in text
    assert f"{low:+.4f} .. {high:+.4f}" in text
