"""The search keeps to its budget, prunes, and goes on where it was killed."""

import math
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.errors import ModelError, SpecError
from infnet_keras.search.search import Search
from infnet_keras.search.space import search_space
from infnet_keras.spec import load_spec
from infnet_keras.spec.pipeline_options import Search as Searched

optuna = pytest.importorskip("optuna")
SEARCHED = {
    "model.dim": Searched(low=8, high=64, scale="log"),
    "training.learning_rate": Searched(low=1e-4, high=1e-1, scale="log"),
    "training.optimizer": Searched(choices=["adam", "sgd"]),
}
SPACE = search_space(SEARCHED, load_spec("minimal").model_dump(mode="json"))


def score(values: dict[str, Any]) -> float:
    """Best at dim 32 and rate 1e-2 with Adam."""
    distance = abs(math.log2(values["model.dim"] / 32))
    distance += abs(math.log10(values["training.learning_rate"] / 1e-2))
    return 0.8 - 0.05 * distance - 0.1 * (values["training.optimizer"] == "sgd")


def carried_out(search: Search, most: int = 1000) -> list[dict[str, Any]]:
    """Trials to their ends; what was tried, in order."""
    tried: list[dict[str, Any]] = []
    while len(tried) < most and (trial := search.ask()) is not None:
        tried.append(dict(trial.params))
        search.complete(trial, score(trial.params))
    return tried


def test_a_key_of_whole_numbers_is_searched_in_whole_numbers() -> None:
    kinds = {key: type(found).__name__ for key, found in SPACE.items()}
    assert kinds == {
        "model.dim": "IntDistribution",
        "training.learning_rate": "FloatDistribution",
        "training.optimizer": "CategoricalDistribution",
    }
    with pytest.raises(SpecError, match=r"model\.dimm: there is no such key"):
        search_space({"model.dimm": Searched(low=1, high=2)}, {})


def test_the_budget_is_kept_and_the_best_is_found(tmp_path: Path) -> None:
    search = Search(tmp_path, SPACE, trials=12, seed=3)
    tried = carried_out(search)
    assert len(tried) == 12
    assert (search.left, search.looks) == (0, 12)
    best = search.best()
    assert best.mean_auc == max(map(score, tried))
    assert score(best.values) == best.mean_auc
    assert all(8 <= values["model.dim"] <= 64 for values in tried)


@pytest.mark.parametrize("ended", [1, 5, 8])
def test_a_killed_search_goes_on_as_if_it_had_not_been(tmp_path: Path, ended: int) -> None:
    whole = carried_out(Search(tmp_path / "whole", SPACE, trials=9, seed=1))

    killed = Search(tmp_path / "killed", SPACE, trials=9, seed=1)
    tried = carried_out(killed, ended)
    assert killed.ask() is not None  # it is running when the process dies
    looked_at = (tmp_path / "killed" / "trials.log").read_bytes()
    continued = Search(tmp_path / "killed", SPACE, trials=9, seed=1)
    assert continued.left == 9 - ended
    assert (tmp_path / "killed" / "trials.log").read_bytes() == looked_at  # a look changes nothing
    tried += carried_out(continued)
    assert tried == whole
    assert continued.looks == 9


def test_trials_below_the_median_are_pruned_and_count(tmp_path: Path) -> None:
    search = Search(tmp_path, SPACE, trials=6)
    for value in (0.70, 0.72, 0.74, 0.76):
        trial = search.ask()
        assert not search.report(trial, 1, value)  # as long as too few are there to compare with
        search.complete(trial, value + 0.01)
    bad = search.ask()
    assert search.report(bad, 1, 0.60)
    search.pruned(bad)
    good = search.ask()
    assert not search.report(good, 1, 0.75)
    search.failed(good)
    assert search.ask() is None
    assert (search.looks, search.stopped_early) == (6, 2)
    assert search.best().mean_auc == 0.77
    with pytest.raises(ModelError, match="none of the 1 trials came to its end"):
        Search(tmp_path / "none", SPACE, trials=1).best()


def test_more_trials_go_on_and_other_values_are_refused(tmp_path: Path) -> None:
    first = carried_out(Search(tmp_path, SPACE, trials=3))
    more = Search(tmp_path, SPACE, trials=5)
    assert more.left == 2
    assert len(carried_out(more)) == 2
    assert first == carried_out(Search(tmp_path / "again", SPACE, trials=3))
    other = {key: found for key, found in SPACE.items() if key != "model.dim"}
    with pytest.raises(ModelError, match=r"a search of other values \(model\.dim differs\)"):
        Search(tmp_path, other, trials=3)
