import json

import pytest

from infnet_keras.training.training_state import Evaluation, TrainingState


def state_of(*means: float) -> TrainingState:
    evaluations = [
        Evaluation(n, n, 0.5, mean, {"a": mean}, {"a": None}) for n, mean in enumerate(means)
    ]
    return TrainingState({"name": "tiny"}, "data", evaluations=evaluations)


@pytest.mark.parametrize(
    ("means", "best", "waits"),
    [([0.5], 0, 0), ([0.5, 0.6], 1, 0), ([0.6, 0.5, 0.6], 0, 2), ([0.6, 0.7, 0.5, 0.65], 1, 2)],
)
def test_best_and_waits(means: list[float], best: int, waits: int) -> None:
    state = state_of(*means)
    assert state.best is state.evaluations[best]
    assert state.waits == waits


def test_nothing_evaluated_yet() -> None:
    assert state_of().best is None
    assert state_of().waits == 0


def test_json_and_back() -> None:
    state = state_of(0.1, 0.2)
    state.checkpoint = "step-000000002.keras"
    state.finished = "early stopping"
    assert TrainingState.from_json(state.to_json()) == state


def test_a_state_from_before_the_collapse_gauge_is_read() -> None:
    content = json.loads(state_of(0.1).to_json())
    del content["evaluations"][0]["task_cosine"]
    assert TrainingState.from_json(json.dumps(content)) == state_of(0.1)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 99}', '{"version": 1, "odd": 1}'])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        TrainingState.from_json(text)
