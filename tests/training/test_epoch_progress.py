"""What is said of an epoch that runs."""

from pathlib import Path
from typing import Any

import keras
import pytest

from infnet_keras.progress import Phase, Progress
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.training import train
from infnet_keras.training.epoch_progress import EpochProgress


def phase_of(callback: EpochProgress) -> Phase:
    assert callback._phase is not None
    return callback._phase


def test_steps_loss_and_rate() -> None:
    callback = EpochProgress(Progress(), batch_size=100)
    callback.set_params({"steps": 8, "epochs": 5})
    callback.on_epoch_begin(0)
    phase = phase_of(callback)
    assert phase.line() == "epoch 1 of 5: 0 of 8 steps, compiling the step, 0 s"
    callback.on_train_batch_end(0, {"loss": 0.5})
    assert phase.line() == "epoch 1 of 5: 1 of 8 steps, loss 0.5000, 0 s"
    callback.on_train_batch_end(1, {"loss": 0.25})
    assert phase.rate is not None
    assert f"loss 0.2500, {100 * phase.rate:,.0f} examples/s" in phase.line()
    callback.on_epoch_begin(1)
    assert phase.line().startswith("epoch 2 of 5: 0 of 8 steps")
    callback.close()


class Watch(keras.callbacks.Callback):
    """Notes what would be shown after each step, and the loss of the step."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress
        self.shown: list[str] = []
        self.epochs: list[float] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        (mine,) = self.progress._phases
        self.shown.append(mine.line())

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs.append(float((logs or {})["loss"]))


@pytest.mark.long("tensorflow", "jax")
@pytest.mark.usefixtures("uncompiled")
def test_the_loss_shown_is_the_running_mean(spec: FeatureSpec, data: Path, tmp_path: Path) -> None:
    watch = Watch(Progress())
    wanted = override_spec(spec, {"training.epochs": 2, "training.patience": 9})
    result = train(wanted, data, tmp_path / "run", progress=watch.progress, callbacks=[watch])
    steps = len(watch.shown) // 2
    for epoch, evaluation in enumerate(result.evaluations):
        last = watch.shown[(epoch + 1) * steps - 1]
        assert last.startswith(f"epoch {epoch + 1} of 2: {steps} of {steps} steps")
        assert f"loss {evaluation.loss:.4f}" in last
        assert evaluation.loss == pytest.approx(watch.epochs[epoch])
