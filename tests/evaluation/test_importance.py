"""Permutation importance of a model whose weights are known."""

import numpy as np
import pytest

from infnet_keras.data.prepared.batch import concatenated
from infnet_keras.evaluation.importance.feature_importance import feature_importance
from infnet_keras.evaluation.importance.importance_plot import plot_importance
from infnet_keras.evaluation.importance.importance_table import importance_table
from infnet_keras.evaluation.sample import sample_batches
from infnet_keras.metrics import auc


class Planted:
    """Says what some inputs say, and nothing else.

    Args:
        parts: task -> input -> weight of a number drawn for each of its ids.
    """

    def __init__(self, parts):
        self.tasks = list(parts)
        self._parts = parts
        self.shapes = set()

    def predict_on_batch(self, inputs):
        self.shapes.add(len(inputs["user"]))
        return {task: 1 / (1 + np.exp(-self._logits(task, inputs))) for task in self.tasks}

    def _logits(self, task, inputs):
        total = np.zeros(len(inputs["user"]))
        for name, weight in self._parts[task].items():
            values = np.sin(inputs[name] * 12.9898 + len(name))
            total += weight * values.reshape(len(total), -1).sum(-1)
        return total


class Labelled:
    """Prepared data whose labels are a model's own opinion, drawn."""

    def __init__(self, prepared, truth):
        self.spec, self._prepared, self._truth = prepared.spec, prepared, truth
        self.count = prepared.count

    def reader(self, split, batch_size, shuffle=False, seed=0):
        reader, truth = self._prepared.reader(split, batch_size, shuffle, seed), self._truth

        class Reader:
            def __len__(self):
                return len(reader)

            def batch(self, index):
                batch = reader.batch(index)
                draws = np.random.default_rng(index)
                labels = {
                    task: (draws.random(len(p)) < p).astype("float32")
                    for task, p in truth.predict_on_batch(batch.inputs).items()
                }
                return batch._replace(labels=labels)

        return Reader()


PARTS = {
    "click": {"hour": 3.0, "price": 1.5, "view__item": 0.7},
    "buy": {"price": 3.0},
}


@pytest.fixture
def planted(prepared):
    model = Planted(PARTS)
    return model, Labelled(prepared, model)


def test_planted_inputs_are_found_in_order(planted):
    model, data = planted
    found = {each.feature: each for each in feature_importance(model, data, "train", 1024)}
    assert found.keys() == {*data.spec.fields, *data.spec.sequences}
    assert (found["view"].kind, found["hour"].kind) == ("sequence", "field")
    by_click = sorted(found.values(), key=lambda each: -each.drops["click"])
    assert {each.feature for each in by_click[:3]} == {"hour", "price", "view"}
    assert found["hour"].drops["click"] > found["price"].drops["click"] > 0.02
    assert max(found.values(), key=lambda each: each.drops["buy"]).feature == "price"
    for name, each in found.items():
        if name not in ("hour", "price", "view"):
            assert set(each.drops.values()) == {0.0}
            assert all(interval == [0.0, 0.0] for interval in each.intervals.values())
        elif name == "hour":
            low, high = each.intervals["click"]
            assert 0 < low < each.drops["click"] < high
            assert each.drops["buy"] == 0.0
    means = [each.drops["mean"] for each in feature_importance(model, data, "train", 1024)]
    assert means == sorted(means, reverse=True)


@pytest.mark.parametrize("rounds", [1, 3])
def test_the_drop_is_that_of_the_plain_computation(prepared, rounds):
    first = next(iter(prepared.spec.fields))  # what is dealt out first takes the seed's first draws
    truth = Planted({"click": {first: 2.0}, "buy": {first: 1.0, "price": 1.0}})
    data = Labelled(prepared, truth)
    found = feature_importance(truth, data, "train", 512, rounds, seed=4)
    drops = next(each.drops for each in found if each.feature == first)

    rows = concatenated(list(sample_batches(data, "train", 512, seed=4)))
    draws = np.random.default_rng(4)
    orders = [draws.permutation(len(rows.users)) for _ in range(rounds)]
    for task in ("click", "buy"):
        labels = np.tile(rows.labels[task], rounds)
        whole = np.tile(truth.predict_on_batch(rows.inputs)[task], rounds)
        moved = [rows.inputs | {first: rows.inputs[first][order]} for order in orders]
        without = np.concatenate([truth.predict_on_batch(each)[task] for each in moved])
        assert drops[task] == pytest.approx(auc(labels, whole) - auc(labels, without), abs=1e-6)
    assert drops["mean"] == pytest.approx((drops["click"] + drops["buy"]) / 2)


def test_batches_have_one_size(prepared):
    model = Planted(PARTS)
    data = Labelled(prepared, Planted(PARTS))
    feature_importance(model, data, "train", 100, batch_size=64, bootstrap=0)
    assert model.shapes == {64}


def test_table_and_image(planted, tmp_path):
    model, data = planted
    found = feature_importance(model, data, "train", 256)
    table = importance_table(found)
    assert table.row_count == len(found)
    assert [column.header for column in table.columns[2:]] == [
        "click",
        "buy",
        "mean",
        "95% interval",
    ]
    plot_importance(found, tmp_path / "importance.svg")
    drawn = (tmp_path / "importance.svg").read_text(encoding="utf-8")
    assert drawn.count("<path") > len(found)
