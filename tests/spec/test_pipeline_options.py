"""Splits, validation, evaluation and tuning: what a pipeline reads of a spec."""

from typing import Any

import pytest

from infnet_keras.errors import SpecError
from infnet_keras.spec import load_spec, override_spec

LEARNING_RATES = {"low": 1e-4, "high": 1e-2, "scale": "log"}


def test_what_is_given_is_read() -> None:
    spec = override_spec(
        load_spec("kuairand_pure"),
        {
            "validation": {"drift": {"tab": 0.1, "view__tag": 0.2}, "skew": {"view_count": 0.3}},
            "evaluation": {
                "slices": ["tab", ["tab", "user_active_degree"]],
                "gates": {"click": {"auc": {"at_least": 0.7}, "log_loss": {"at_most": 0.7}}},
                "change": {"auc": 0.005},
            },
            "tuning": {"search": {"training.learning_rate": LEARNING_RATES}},
        },
    )
    assert spec.validation.drift["view__tag"] == 0.2
    assert set(spec.evaluation.gates["click"].given) >= {"auc", "log_loss"}
    assert spec.evaluation.change.given == {"auc": 0.005}
    assert spec.tuning is not None
    assert spec.tuning.trials == 10


@pytest.mark.parametrize(
    ("block", "value", "said"),
    [
        ("splits", {"valid_from": 1.8, "test_from": 0.9}, "splits.valid_from: a split begins at a"),
        ("splits", {"valid_from": 0.9, "test_from": 0.8}, "the test comes last"),
        ("splits", {"valid_from": "2022-05-04", "test_from": "2022-05-03"}, "the test comes last"),
        ("validation", {"drift": {"tabs": 0.1}}, "drift.tabs: no field or sequence reads 'tabs'"),
        ("validation", {"skew": {"tab": 1.5}}, "expected at most 1.0; found 1.5"),
        ("validation", {"unseen": {"tabs": 0.1}}, "unseen.tabs: no field reads a column 'tabs'"),
        ("evaluation", {"slices": [["tab", "tabs"]]}, "slices[0]: no field reads a column 'tabs'"),
        (
            "evaluation",
            {"gates": {"clic": {"auc": {"at_least": 0.5}}}},
            "there is no task 'clic'; did you mean 'click'?",
        ),
        (
            "evaluation",
            {"gates": {"click": dict.fromkeys(("auc", "gauc", "calibration"))}},
            "or leave the task out to ask nothing of it",
        ),
        ("evaluation", {"gates": {"click": {"auk": {}}}}, "unknown key 'auk'; did you mean 'auc'?"),
        ("evaluation", {"gates": {"like": {"log_loss": {}}}}, "give `at_least`, `at_most` or both"),
        (
            "evaluation",
            {"gates": {"click": {"auc": {"at_least": 0.8, "at_most": 0.7}}}},
            "no value passes",
        ),
        (
            "tuning",
            {"search": {"training.learning_rat": LEARNING_RATES}},
            "did you mean 'training.learning_rate'?",
        ),
        ("tuning", {"search": {"model.dim": {"low": 8, "high": 4}}}, "`low` must be less"),
        ("tuning", {"search": {"model.dim": {"low": 8}}}, "either `choices`, or `low` and `high`"),
    ],
)
def test_a_mistake_is_named(block: str, value: dict[str, Any], said: str) -> None:
    with pytest.raises(SpecError) as error:
        override_spec(load_spec("kuairand_pure"), {block: value})
    assert said in str(error.value)


@pytest.mark.parametrize("starts", [(0.8, 0.9), (0.8, "2022-05-05"), ("2022-05-05 12:00", 0.9)])
def test_a_log_with_a_clock_is_split_by_both(starts: tuple[str | float, str | float]) -> None:
    splits = dict(zip(("valid_from", "test_from"), starts, strict=True))
    spec = override_spec(load_spec("kuairand_pure"), {"splits": splits})
    assert spec.splits is not None
    assert (spec.splits.valid_from, spec.splits.test_from) == starts


def test_a_log_in_row_order_is_split_by_fractions() -> None:
    with pytest.raises(SpecError, match=r"fractions such as 0\.8"):
        override_spec(
            load_spec("qb_video"),
            {"splits": {"valid_from": "2022-05-04", "test_from": "2022-05-05"}},
        )
