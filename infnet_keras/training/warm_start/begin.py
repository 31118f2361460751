"""The first state of a run that begins with the model of an earlier one."""

from hashlib import file_digest
from pathlib import Path
from typing import NamedTuple

import keras

from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import ModelError
from infnet_keras.models import from_spec
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec
from infnet_keras.training.load_run_model import load_run_model
from infnet_keras.training.run_directory import RunDirectory, is_finished
from infnet_keras.training.training_state import TrainingState
from infnet_keras.training.warm_start.carry_over import carry_over
from infnet_keras.training.warm_start.warm_start_record import WarmStartRecord


class Warmed(NamedTuple):
    """A model that has what an earlier run has learnt.

    Attributes:
        model: compiled, with an optimiser that has done no step.
        record: what was kept, initialised and dropped.
        finished: whether the earlier run had come to its end.
    """

    model: SpecModel
    record: WarmStartRecord
    finished: bool

    def save(self, directory: RunDirectory, state: TrainingState, progress: Progress) -> None:
        """Make the model the state that the run goes on from, before its first epoch.

        From here on the earlier run is not needed, however often this one is interrupted.
        """
        for line in self.record.lines():
            progress.say(line)
        if not self.finished:
            progress.say("  that run is not finished: its best model so far is taken")
        directory.write("warm_start.json", self.record.to_json())
        state.checkpoint = directory.save_checkpoint(self.model, 0)
        directory.commit(state)


def check_warm_start(spec: FeatureSpec, source: Path, run: Path) -> Path:
    """The earlier run's directory, as it is recorded.

    Raises:
        ModelError: it is the run itself, or the tables would be drawn anew.
    """
    if source.resolve() == run.resolve():
        raise ModelError(
            f"{run} cannot be warmed from itself: give the new run a directory of its own"
        )
    if spec.training.redraw_tables and spec.training.epochs > 1:
        raise ModelError(
            "training.redraw_tables draws every table anew in the second epoch, and what a warm "
            "start brings would be gone: set training.redraw_tables to false, or training.epochs "
            "to 1"
        )
    return source.resolve()


def begin_warm(spec: FeatureSpec, data: Impressions, source: Path) -> Warmed:
    """A new model with what an earlier run has learnt.

    Args:
        spec: of the new model.
        data: what it will be trained on.
        source: directory of the earlier run.

    Raises:
        ModelError: there is no run with a model, or one that does not fit.
    """
    earlier = load_run_model(source, with_optimizer=False)
    with (source / "model.keras").open("rb") as file:
        record = WarmStartRecord(str(source), file_digest(file, "sha256").hexdigest())
    keras.utils.set_random_seed(spec.training.seed)
    model = from_spec(spec, data=data)
    carry_over(earlier, model, record)
    model.optimizer.build(model.trainable_variables)  # so that its state is saved, too
    return Warmed(model, record, is_finished(source))
