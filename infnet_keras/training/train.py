"""The training behind the command line: from encoded impressions to the best model."""

import json
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import keras

from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.devices.check_devices import check_devices
from infnet_keras.devices.processes import run_in_processes
from infnet_keras.devices.share import share
from infnet_keras.devices.whole_batch import from_all_devices
from infnet_keras.errors import ModelError
from infnet_keras.features.raw_examples_file import save_raw_examples
from infnet_keras.progress import Progress
from infnet_keras.progress.quiet_start import quiet_start
from infnet_keras.spec import FeatureSpec, dump_spec
from infnet_keras.training.check_data import check_data
from infnet_keras.training.environment import describe_environment, now
from infnet_keras.training.fit import fit, made_for
from infnet_keras.training.run_directory import RunDirectory
from infnet_keras.training.several_devices.followed_run import FollowedRun
from infnet_keras.training.task_collapse import collapse_warning
from infnet_keras.training.training_state import Evaluation, TrainingState
from infnet_keras.training.warm_start.begin import begin_warm, check_warm_start


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
    devices: int = 1,
    observe: Callable[[Evaluation], None] | None = None,
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
        callbacks: more callbacks of the fit, such as an experiment tracker's; at an epoch's end
            `logs` holds its losses and its evaluation: `val_auc` (the mean), and `val_TASK_auc` of
            each task that has one.
        warm_start: directory of an earlier run whose model this one begins with, of other data: its
            tables mapped by value, its other weights by name, its optimiser left out. A run that
            continues needs it no more.
        devices: how many devices share every batch, on JAX or torch. What a run directory holds
            depends on it by rounding alone, and a run may continue on another number. On torch
            each device has a process of its own, which imports the caller's main module: a script
            calls `train` below `if __name__ == "__main__":`.
        observe: called with every evaluation, those within an epoch too; what it raises ends the
            fit, and the run continues from its last epoch another time.

    Raises:
        DataError: the data were prepared for another spec, or a split is empty.
        ModelError: the directory holds another run, or another process trains there; the loss
            became NaN; the disk is full; the earlier run has another model, or none; there are not
            so many devices, or they cannot share a batch equally.

    Example:
        >>> result = train(load_spec("minimal"), "prepared", "runs/first")
        >>> result.best.mean_auc
        0.71
    """
    progress = progress or Progress()
    check_devices(devices, spec.training.batch_size)
    impressions = PreparedData.open(data) if isinstance(data, str | Path) else data
    check_data(spec, impressions)
    source = None if warm_start is None else check_warm_start(spec, Path(warm_start), Path(run))
    if devices == 1 or keras.backend.backend() == "jax":
        return _train(
            spec, impressions, Path(run), restart, progress, callbacks, source, devices, observe
        )
    if callbacks or observe or not isinstance(impressions, PreparedData):
        raise ModelError(
            "on torch several devices train in processes of their own, which know no callbacks of "
            "this one and read prepared data from their directory: leave `callbacks` and `observe` "
            "out and give `data` as a directory, or take one device"
        )
    progress.say(f"starting {devices} processes")
    arguments = (spec, impressions.directory, Path(run), restart, source)
    run_in_processes(devices, _train_share, *arguments, say=progress.say)
    state = RunDirectory(Path(run)).read()
    assert state is not None
    return _result(state)


def _train_share(
    say: Callable[[str], None],
    spec: FeatureSpec,
    data: Path,
    run: Path,
    restart: bool,
    source: Path | None,
) -> None:
    """What each process of a training on torch does."""
    with quiet_start():
        if find_spec("tensorflow") is not None:
            import tensorflow  # noqa: F401 - Keras imports it anyway when it saves a model
    progress = Progress(say if share().rank == 0 else None)
    opened = PreparedData.open(data)
    _train(spec, opened, run, restart, progress, (), source, share().devices)


def _train(
    spec: FeatureSpec,
    data: Impressions,
    run: Path,
    restart: bool,
    progress: Progress,
    callbacks: Sequence[keras.callbacks.Callback],
    source: Path | None,
    devices: int,
    observe: Callable[[Evaluation], None] | None = None,
) -> TrainingResult:
    if share().rank > 0:
        directory: RunDirectory = FollowedRun(run)
        state = TrainingState.from_json(from_all_devices(None)[0])
        fit(spec, data, directory, state, progress, callbacks, devices=devices)
        return _result(state)
    directory = RunDirectory(run)
    warmed = None
    if source is not None and (restart or not directory.has_begun()):
        with made_for(devices):
            warmed = begin_warm(spec, data, source)  # refused before anything is written
    with directory.locked():
        state = directory.start(
            spec.model_dump(mode="json"),
            data.digest,
            restart,
            None if source is None else str(source),
        )
        if state.finished is None:
            environment = _record(directory, spec, data, state, devices)
            if warmed is not None:
                warmed.save(directory, state, progress)
        from_all_devices(state.to_json())
        if state.finished is None:
            model = warmed and warmed.model
            fit(spec, data, directory, state, progress, callbacks, model, devices, observe)
            _finish(directory, spec, state, environment, progress)
        else:
            progress.say(f"{directory.path} is a finished run; --restart trains it again")
    return _result(state)


def _finish(
    directory: RunDirectory,
    spec: FeatureSpec,
    state: TrainingState,
    environment: dict[str, Any],
    progress: Progress,
) -> None:
    environment["sessions"][-1]["finished"] = now()
    directory.write("environment.json", json.dumps(environment, indent=1) + "\n")
    state.finished = "early stopping" if state.waits >= spec.training.patience else "epochs"
    directory.finish(state)
    warning = collapse_warning(spec, state.best)
    if warning is not None:
        progress.say(f"warning: {warning}")


def _result(state: TrainingState) -> TrainingResult:
    assert state.best is not None  # every epoch ends with an evaluation
    stopped_early = state.finished == "early stopping"
    return TrainingResult(state.best, state.evaluations, state.epoch, stopped_early)


def _record(
    directory: RunDirectory,
    spec: FeatureSpec,
    data: Impressions,
    state: TrainingState,
    devices: int,
) -> dict[str, Any]:
    """Write what is trained, and with what; a continued run adds a session."""
    path = directory.path / "environment.json"
    earlier = json.loads(path.read_text(encoding="utf-8"))["sessions"] if path.exists() else []
    environment = {
        "seed": spec.training.seed,
        "precision": spec.training.precision,
        "data_manifest_sha256": state.data,
        "warm_start": state.warm_start,
        "sessions": [*earlier, {**describe_environment(), "devices": devices}],
    }
    directory.write("spec.yaml", dump_spec(spec))
    data.assets.save(directory.path / "assets")
    save_raw_examples(directory.path, data.raw_examples)
    directory.write("environment.json", json.dumps(environment, indent=1) + "\n")
    return environment
