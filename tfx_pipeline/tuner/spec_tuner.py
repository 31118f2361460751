"""Trains one model a trial, each with other values of the spec."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import keras
from keras_tuner import Objective
from keras_tuner.engine.base_tuner import BaseTuner
from keras_tuner.errors import FailedTrialError, FatalError
from keras_tuner.oracles import RandomSearchOracle
from rich.console import Console

from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import InfnetError, ModelError, SpecError
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, override_spec
from infnet_keras.training import train
from tfx_pipeline.tuner.search_space import search_space

OBJECTIVE = "val_auc"


class SpecTuner(BaseTuner):
    """Random search over the spec's `tuning` block, by the main job's own fit.

    The objective is the best mean validation AUC of a run. Combinations follow from the seed of
    the training; none is tried twice. A run that diverges is a failed trial.

    Args:
        spec: the feature spec, with a `tuning` block.
        data: what to train on.
        directory: where keras_tuner keeps its trials.

    Raises:
        SpecError: the spec has no `tuning` block, or one that cannot be searched.

    Example:
        >>> tuner = SpecTuner(spec, data, "trials")
        >>> tuner.search()
        >>> tuner.get_best_hyperparameters()[0].values
        {'training.learning_rate': 0.002}
    """

    def __init__(self, spec: FeatureSpec, data: Impressions, directory: str):
        if spec.tuning is None:
            raise SpecError("the spec has no `tuning` block, which says what a Tuner tries; add it")
        oracle = RandomSearchOracle(
            objective=Objective(OBJECTIVE, "max"),
            max_trials=spec.tuning.trials,
            seed=spec.training.seed,
            hyperparameters=search_space(spec),
            allow_new_entries=False,
            tune_new_entries=False,
        )
        super().__init__(oracle, directory=directory, project_name=spec.name)
        self._spec = spec
        self._data = data

    def run_trial(self, trial: Any) -> dict[str, float]:
        """Train with a trial's values; the mean validation AUC of its best model."""
        values: Mapping[str, Any] = trial.hyperparameters.values
        progress = Progress(Console())
        progress.say(f"trial {trial.trial_id}: {dict(values)}")
        try:
            spec = override_spec(self._spec, values)
            with TemporaryDirectory() as run:
                result = train(spec, self._data, Path(run, "run"), progress=progress)
        except ModelError as error:
            raise FailedTrialError(str(error)) from error
        except InfnetError as error:
            raise FatalError(str(error)) from error
        finally:
            keras.backend.clear_session()
        return {OBJECTIVE: result.best.mean_auc}

    def on_search_end(self) -> None:
        """Make sure that there is something to choose from."""
        if not self.oracle.get_best_trials():
            raise ModelError(
                "no trial of the Tuner came to its end: look at the messages of the trials above, "
                "and narrow `tuning.search`"
            )
