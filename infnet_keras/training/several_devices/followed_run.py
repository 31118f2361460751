"""The run directory of a process that trains along with the one that writes it."""

from typing import Any

from infnet_keras.training.run_directory import RunDirectory
from infnet_keras.training.training_state import Evaluation, TrainingState


class FollowedRun(RunDirectory):
    """Reads what the first process writes, and writes nothing.

    Every process takes the same decisions, as each sees the loss of the whole batch and the
    predictions of the whole split; so its state goes the way of the first one's without a word.

    Args:
        path: the directory.
    """

    def save_checkpoint(self, model: Any, step: int) -> str:
        """The name of the file that the first process saves."""
        return self.checkpoint_name(step)

    def publish_best(self, state: TrainingState) -> None:
        """Nothing."""

    def append_history(self, evaluation: Evaluation) -> None:
        """Nothing."""

    def commit(self, state: TrainingState) -> None:
        """Nothing."""
