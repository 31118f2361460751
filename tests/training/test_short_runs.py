"""What a run of one epoch says, and one that ends before it."""

import json
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.errors import ModelError
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.training import train

pytestmark = pytest.mark.usefixtures("uncompiled")


def saved(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((path / "state.json").read_text())
    return content


def printed(spec: FeatureSpec, data: Path, run: Path, **model: Any) -> str:
    """What a run of one epoch prints."""
    lines: list[str] = []
    changes = {f"model.{name}": value for name, value in model.items()}
    wanted = override_spec(spec, {"training.epochs": 1, **changes})
    train(wanted, data, run, progress=Progress(lines.append))
    return "\n".join(lines)


@pytest.mark.long("tensorflow", "jax")
def test_a_run_whose_tasks_have_collapsed_is_warned_of(
    spec: FeatureSpec, data: Path, tmp_path: Path
) -> None:
    text = printed(spec, data, tmp_path / "run", variant="paper")
    assert text.count("warning: the task tokens have collapsed") == 1
    assert "Set `model.variant: default`, or `model.residual: true`" in text
    (evaluation,) = saved(tmp_path / "run")["evaluations"]
    assert f"cosine of {evaluation['task_cosine']:.4f}" in text
    ablation = printed(spec, data, tmp_path / "ablation", without="task_tokens")
    assert "The ablation `model.without: task_tokens` makes them so" in ablation


@pytest.mark.long("tensorflow", "jax")
def test_other_runs_are_not_warned_of(spec: FeatureSpec, data: Path, tmp_path: Path) -> None:
    assert "collapsed" not in printed(spec, data, tmp_path / "run")
    (evaluation,) = saved(tmp_path / "run")["evaluations"]
    assert evaluation["task_cosine"] < 0.98
    assert "collapsed" not in printed(spec, data, tmp_path / "shared", type="shared_bottom")
    (evaluation,) = saved(tmp_path / "shared")["evaluations"]
    assert evaluation["task_cosine"] is None


def test_a_loss_that_is_not_a_number_ends_the_run(
    spec: FeatureSpec, data: Path, tmp_path: Path
) -> None:
    wild = override_spec(spec, {"training.optimizer": "sgd", "training.learning_rate": 1e30})
    with pytest.raises(ModelError, match=r"loss became nan in epoch 1.*training\.learning_rate"):
        train(wild, data, tmp_path / "run")
    assert saved(tmp_path / "run")["epoch"] == 0
    assert saved(tmp_path / "run")["finished"] is None
