"""Which behaviour HSTU reads as the history."""

from typing import Any

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, load_spec, override_spec
from infnet_keras.spec.models import HSTUOptions


def spec(**changes: Any) -> FeatureSpec:
    return override_spec(load_spec("minimal"), {"model.type": "hstu", **changes})


def history(**changes: Any) -> str | None:
    found = spec(**changes)
    assert isinstance(found.model, HSTUOptions)
    return found.model.history_of(found)


def test_the_first_of_every_event_unless_told() -> None:
    assert history() == "view"  # click has a condition
    assert history(**{"model.history": "click"}) == "click"
    assert history(**{"sequences.view": None}) == "click"
    assert history(sequences=None) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"model.history": "clik"}, "no behaviour 'clik' with attributes; did you mean 'click'"),
        ({"model.dim": 9, "model.num_heads": 2}, "width 9 cannot be split between 2 heads"),
    ],
)
def test_mistakes_are_named(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(SpecError, match=message):
        spec(**changes)
