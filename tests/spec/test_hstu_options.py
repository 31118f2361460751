"""Which behaviour HSTU reads as the history."""

from typing import Any

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, load_spec, override_spec
from infnet_keras.spec.models import HSTUOptions


def spec(**changes: Any) -> FeatureSpec:
    return override_spec(load_spec("minimal"), {"model.type": "hstu", **changes})


GAPS = {
    "tables.gap": {"boundaries": [60, 3600]},
    "sequences.view.time_gap": "gap",
    "sequences.click.time_gap": "gap",
}


def histories(**changes: Any) -> list[str]:
    found = spec(**changes)
    assert isinstance(found.model, HSTUOptions)
    return found.model.histories_of(found)


def test_the_first_of_every_event_unless_told() -> None:
    assert histories() == ["view"]  # click has a condition
    assert histories(**{"model.history": "click"}) == ["click"]
    assert histories(**{"sequences.view": None}) == ["click"]
    assert histories(sequences=None) == []


def test_those_with_a_gap_are_one_history() -> None:
    assert histories(**GAPS) == ["view", "click"]
    assert histories(**GAPS, **{"model.history": "click"}) == ["click"]
    assert histories(**{**GAPS, "sequences.click.time_gap": None}) == ["view"]


def test_what_is_read_is_said() -> None:
    def said(**changes: Any) -> str:
        found = spec(**changes)
        return "; ".join(found.model.describe(found))

    assert said(**GAPS) == "history: view, click in one order, by time_gap"
    assert said() == (
        "history: view alone; the means of click stand before it (a time_gap on several would "
        "bring them into one order)"
    )
    assert said(sequences=None) == "history: none"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.history": "clik"}, "no behaviour 'clik' with attributes; did you mean 'click'"),
        (
            {**GAPS, "tables.other": {"boundaries": [5]}, "sequences.click.time_gap": "other"},
            "one table for all: 'view' has 'gap', 'click' 'other'; or say `history`",
        ),
        ({"model.dim": 9, "model.num_heads": 2}, "width 9 cannot be split between 2 heads"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        spec(**changes)
