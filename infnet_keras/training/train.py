"""The fit behind the command line: from encoded impressions to the best model."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import keras

from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import DataError
from infnet_keras.features.raw_examples_file import save_raw_examples
from infnet_keras.models import from_spec
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec, dump_spec
from infnet_keras.training.environment import describe_environment, now
from infnet_keras.training.epoch_progress import EpochProgress
from infnet_keras.training.evaluate_within_epoch import EvaluateWithinEpoch
from infnet_keras.training.redraw_tables import RedrawTables
from infnet_keras.training.run_directory import RunDirectory
from infnet_keras.training.save_state import SaveState
from infnet_keras.training.seed_epoch import SeedEpoch
from infnet_keras.training.stop_on_nan import StopOnNaN
from infnet_keras.training.task_collapse import collapse_warning
from infnet_keras.training.training_state import Evaluation, TrainingState
from infnet_keras.training.validation_auc import ValidationAUC
from infnet_keras.training.warm_start.begin import Warmed, begin_warm, check_warm_start


class TrainingResult(NamedTuple):
    """How a run ended.

    Attributes:
        best: the evaluation whose model is `model.keras`.
        evaluations: every evaluation, in order.
        epochs: epochs that were begun.
        stopped_early: whether `patience` ran out before the epochs did.
    """

    best: Evaluation
    evaluations: list[Evaluation]
    epochs: int
    stopped_early: bool


def train(
    spec: FeatureSpec,
    data: str | Path | Impressions,
    run: str | Path,
    restart: bool = False,
    progress: Progress | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    warm_start: str | Path | None = None,
) -> TrainingResult:
    """Train a spec's model on prepared data, or continue a run that was interrupted.

    Every epoch's end is saved. Called again with the same spec, data and run directory it
    continues after the last saved epoch, with the optimiser, the random generators and the order
    of the data as they would have been; a finished run is returned as it is.

    Args:
        spec: the feature spec; `spec.training` says how to train.
        data: directory of prepared data, or impressions that are kept otherwise.
        run: the run directory (see `RunDirectory`); `model.keras` in it is the best model.
        restart: forget an earlier run in this directory.
        progress: says what is done meanwhile; None for silence.
        callbacks: more callbacks of the fit; at an epoch's end `logs` holds its evaluation.
        warm_start: directory of an earlier run whose model this one begins with, of other data: its
            tables mapped by value, its other weights by name, its optimiser left out. A run that
            continues needs it no more.

    Raises:
        DataError: the data were prepared for another spec, or a split is empty.
        ModelError: the directory holds another run, or another process trains there; the loss
            became NaN; the disk is full; the earlier run has another model, or none.

    Example:
        >>> result = train(load_spec("minimal"), "prepared", "runs/first")
        >>> result.best.mean_auc
        0.71
    """
    progress = progress or Progress()
    impressions = PreparedData.open(data) if isinstance(data, str | Path) else data
    _check_data(spec, impressions)
    directory = RunDirectory(Path(run))
    source = None if warm_start is None else check_warm_start(spec, Path(warm_start), Path(run))
    warmed = None
    if source is not None and (restart or not directory.has_begun()):
        warmed = begin_warm(spec, impressions, source)  # refused before anything is written
    with directory.locked():
        return _train(spec, impressions, directory, restart, progress, callbacks, source, warmed)


def _train(
    spec: FeatureSpec,
    impressions: Impressions,
    directory: RunDirectory,
    restart: bool,
    progress: Progress,
    callbacks: Sequence[keras.callbacks.Callback],
    source: Path | None,
    warmed: Warmed | None,
) -> TrainingResult:
    named = None if source is None else str(source)
    state = directory.start(spec.model_dump(mode="json"), impressions.digest, restart, named)
    if state.finished is None:
        environment = _record(directory, spec, impressions, state)
        if warmed is not None:
            warmed.save(directory, state, progress)
        _fit(spec, impressions, directory, state, progress, callbacks, warmed and warmed.model)
        environment["sessions"][-1]["finished"] = now()
        directory.write("environment.json", json.dumps(environment, indent=1) + "\n")
        state.finished = "early stopping" if state.waits >= spec.training.patience else "epochs"
        directory.finish(state)
        warning = collapse_warning(spec, state.best)
        if warning is not None:
            progress.say(f"warning: {warning}")
    else:
        progress.say(f"{directory.path} is a finished run; --restart trains it again")
    assert state.best is not None  # every epoch ends with an evaluation
    return TrainingResult(
        state.best, state.evaluations, state.epoch, state.finished == "early stopping"
    )


def _fit(
    spec: FeatureSpec,
    data: Impressions,
    directory: RunDirectory,
    state: TrainingState,
    progress: Progress,
    more: Sequence[keras.callbacks.Callback],
    model: Any = None,
) -> None:
    options = spec.training
    if state.epoch == options.epochs or state.waits >= options.patience:
        return  # killed between its last epoch and its end
    if model is None:
        with progress.phase("building the model"):
            model = _model(spec, data, directory, state)
    with progress.phase("laying out batches"):  # buckets measure every history
        dataset = ImpressionDataset(
            data,
            "train",
            options.batch_size,
            shuffle=True,
            seed=options.seed,
            fill_last_batch=True,
            bucket_by_length=options.bucket_by_length,
        )

    def report(evaluation: Evaluation) -> None:
        progress.say(_line(evaluation, is_best=evaluation is state.best))

    validation = ValidationAUC(
        data,
        list(spec.tasks),
        options.batch_size,
        options.patience,
        directory,
        state,
        report,
        progress,
    )
    epochs = EpochProgress(progress, options.batch_size)
    callbacks: list[keras.callbacks.Callback] = [
        SeedEpoch(dataset, options.seed),
        StopOnNaN(),
        epochs,
    ]
    if options.redraw_tables:
        callbacks.insert(1, RedrawTables())
    if options.evaluations_per_epoch > 1:
        callbacks.append(EvaluateWithinEpoch(validation, options.evaluations_per_epoch))
    callbacks += [validation, SaveState(directory, state), *more]
    try:
        model.fit(
            dataset,
            initial_epoch=state.epoch,
            epochs=options.epochs,
            shuffle=False,  # the data set shuffles itself, by seed and epoch
            verbose=0,
            callbacks=callbacks,
        )
    finally:
        epochs.close()


def _model(
    spec: FeatureSpec, data: Impressions, directory: RunDirectory, state: TrainingState
) -> Any:
    keras.utils.set_random_seed(spec.training.seed)
    if state.checkpoint is None:
        return from_spec(spec, data=data)
    return keras.models.load_model(directory.checkpoints / state.checkpoint)


def _check_data(spec: FeatureSpec, data: Impressions) -> None:
    data.assets.check(spec)
    tasks, there = (
        {n: (t.label, t.missing, t.mask) for n, t in s.tasks.items()} for s in (spec, data.spec)
    )
    if tasks != there:
        changed = sorted(n for n in {*tasks, *there} if tasks.get(n) != there.get(n))
        raise DataError(
            f"the data were prepared with other tasks, labels or masks ({', '.join(changed)} "
            "differs); prepare them again with this spec (a task of weight 0 is not trained)"
        )
    for split in ("train", "valid"):
        if data.count(split) == 0:
            raise DataError(
                f"the {split} split of the data is empty; prepare the data again with "
                "other --valid-from and --test-from"
            )


def _record(
    directory: RunDirectory, spec: FeatureSpec, data: Impressions, state: TrainingState
) -> dict[str, Any]:
    """Write what is trained, and with what; a continued run adds a session."""
    path = directory.path / "environment.json"
    earlier = json.loads(path.read_text(encoding="utf-8"))["sessions"] if path.exists() else []
    environment = {
        "seed": spec.training.seed,
        "precision": spec.training.precision,
        "data_manifest_sha256": state.data,
        "warm_start": state.warm_start,
        "sessions": [*earlier, describe_environment()],
    }
    directory.write("spec.yaml", dump_spec(spec))
    data.assets.save(directory.path / "assets")
    save_raw_examples(directory.path, data.raw_examples)
    directory.write("environment.json", json.dumps(environment, indent=1) + "\n")
    return environment


def _line(evaluation: Evaluation, is_best: bool) -> str:
    tasks = "  ".join(
        f"{task} {'-' if value is None else f'{value:.4f}'}"
        for task, value in evaluation.auc.items()
    )
    return (
        f"epoch {evaluation.epoch}  step {evaluation.step}  loss {evaluation.loss:.4f}  "
        f"AUC: mean {evaluation.mean_auc:.4f}  {tasks}{'  (best)' if is_best else ''}"
    )
