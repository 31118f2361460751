"""Weights & Biases as a tracker."""

from typing import Any

from infnet_keras.training.tracking.tracker import Tracker


class WandbTracker(Tracker):
    """A run of Weights & Biases: the project is the spec's name, `WANDB_MODE` says how.

    Reference:
        https://docs.wandb.ai/ref/python/init
    """

    package = "wandb"

    def begin(self, values: dict[str, Any], run: str | None) -> str:
        import wandb

        self._wandb = wandb.init(
            project=self._spec.name,
            name=self._run.name,
            config=values,
            id=run,
            resume="allow",
            dir=self._run,
        )
        return str(self._wandb.id)

    def send(self, step: int, scalars: dict[str, float]) -> None:
        self._wandb.log(scalars, step=step)

    def end(self, failed: bool) -> None:
        self._wandb.finish(exit_code=int(failed))
