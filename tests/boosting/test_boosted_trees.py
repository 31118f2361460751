"""Boosted trees learn from the spec's features, and are no less honest than the models."""

from pathlib import Path

import numpy as np
import pytest
from tiny_log import SPEC, write_log

from infnet_keras.boosting.boosted_trees import BoostedTrees
from infnet_keras.boosting.features import Features, rated_fields
from infnet_keras.boosting.fit import fit_boosted_trees
from infnet_keras.boosting.options import LightGBMOptions
from infnet_keras.boosting.value_rates import ValueRates
from infnet_keras.data import PreparedData, prepare
from infnet_keras.evaluation import evaluate_predictions, predict_split
from infnet_keras.runs.without_test import WithoutTest
from infnet_keras.spec import spec_from_dict

pytest.importorskip("lightgbm")
WANTED = spec_from_dict(SPEC)
OPTIONS = LightGBMOptions(trees=40, min_rows=20, leaves=8)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PreparedData:
    directory = tmp_path_factory.mktemp("boosting")
    write_log(directory / "raw", 3000)
    prepare(WANTED, directory / "raw", directory / "data", valid_from=0.7, test_from=0.8)
    return PreparedData.open(directory / "data")


def fitted(data: PreparedData, directory: Path, **changes) -> tuple[dict, BoostedTrees]:
    seen: list[tuple[int, float]] = []
    options = LightGBMOptions(**{**OPTIONS.model_dump(), **changes})
    found = fit_boosted_trees(
        WANTED, options, WithoutTest(data), directory, lambda *look: seen.append(look), threads=1
    )
    assert seen == [(1, found["mean_auc"])]
    return found, BoostedTrees.load(directory, WANTED, options.rate_strength, threads=1)


def test_they_learn_and_rank_the_test(data: PreparedData, tmp_path: Path) -> None:
    found, trees = fitted(data, tmp_path)
    predictions = predict_split(trees, data, "valid", batch_size=50)
    report = evaluate_predictions(predictions, bootstrap=0)
    # What is loaded again says what the fit saw.
    assert found["auc"]["click"] == pytest.approx(report["click"]["auc"], abs=1e-6)
    test = evaluate_predictions(predict_split(trees, data, "test"), bootstrap=0)
    assert test["click"]["auc"] > 0.75  # shelves alone give about that
    assert set(found["trees"]) == {"click", "like"}
    again, _ = fitted(data, tmp_path / "again")
    assert again["auc"] == found["auc"]
    fewer, _ = fitted(data, tmp_path / "fewer", rows=300)
    assert fewer["auc"] != found["auc"]


def test_a_rate_that_says_the_label_does_not_leak(data: PreparedData, tmp_path: Path) -> None:
    """Every user's rate on its training rows is as good as on new ones: it learns nothing by it."""
    folds, task = 5, "click"
    batch = data.reader("train", 10_000).batch(0)
    random = np.random.default_rng(0)
    noise = {task: random.integers(0, 2, len(batch.users)).astype(np.float32)}
    part = random.integers(0, folds, len(batch.users))
    ids = np.arange(len(batch.users)) // 2 + 2  # a value of two rows each
    rates = ValueRates(int(ids.max()) + 1, [task], folds, strength=1.0)
    rates.add(ids, noise, part)
    rates.close()
    apart = rates.rate(task, ids, part)
    together = rates.rate(task, ids)
    assert abs(np.corrcoef(apart, noise[task])[0, 1]) < 0.1
    assert np.corrcoef(together, noise[task])[0, 1] > 0.5  # what would be learned otherwise


def test_the_features_are_those_that_they_are_called(data: PreparedData) -> None:
    rates = {}
    for name in rated_fields(WANTED):
        rows = data.assets.table_rows(WANTED)[WANTED.field_table(name)]
        rates[name] = ValueRates(rows, ["click", "like"], 2, 1.0)
        batch = data.reader("train", 500).batch(0)
        rates[name].add(batch.inputs[name], batch.labels, np.zeros(500, int))
        rates[name].close()
    features = Features(WANTED, rates)
    inputs = {
        "user": np.array([2, 3]),
        "item": np.array([4, 5]),
        "shelf": np.array([3, 1]),
        "click__item": np.array([[4, 6, 4, 0, 0], [0, 0, 0, 0, 0]]),
    }
    found = dict(zip(features.names, features.matrix(inputs).T, strict=True))
    assert found["shelf"][0] == 3
    assert np.isnan(found["shelf"][1])  # missing
    assert found["click: steps"].tolist() == [3, 0]
    assert found["click.item: steps with the value of item"].tolist() == [2, 0]
    of_items = rates["item"].rate("like", np.array([4, 6, 4])).mean()
    assert found["click.item: mean rate of like"][0] == pytest.approx(of_items)
    assert np.isnan(found["click.item: mean rate of like"][1])
    assert found["user: rate of click"] == pytest.approx(
        rates["user"].rate("click", inputs["user"])
    )
    assert found["item: count"] == pytest.approx(rates["item"].count(inputs["item"]))


def test_a_number_is_taken_as_it_is() -> None:
    number = {"side": "item", "numeric": {}}
    spec = spec_from_dict({**SPEC, "fields": {"price": number}, "sequences": {}})
    numbers = np.array([0.25, np.nan, -10.0], np.float32)
    features = Features(spec, {})
    assert rated_fields(spec) == []
    assert features.names == ["price"]
    np.testing.assert_array_equal(features.matrix({"price": numbers})[:, 0], numbers)


def test_a_task_of_one_class_is_a_constant(data: PreparedData, tmp_path: Path) -> None:
    class NoLikes(WithoutTest):
        def reader(self, split, batch_size, shuffle=False, seed=0):
            reader = super().reader(split, batch_size)

            class Reader:
                def batches(self):
                    for batch in reader.batches():
                        labels = {**batch.labels, "like": np.zeros_like(batch.labels["like"])}
                        yield batch._replace(labels=labels)

            return Reader()

    found = fit_boosted_trees(WANTED, OPTIONS, NoLikes(data), tmp_path, lambda *_: None, threads=1)
    assert found["auc"]["like"] is None
    trees = BoostedTrees.load(tmp_path, WANTED, OPTIONS.rate_strength)
    assert (
        trees.predict_on_batch(data.reader("valid", 3).batch(0).inputs)["like"].tolist() == [0] * 3
    )
