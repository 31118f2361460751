"""The fit of a run: its model, its data and its callbacks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import keras

from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.devices.row_sharding import RowSharding
from infnet_keras.devices.share import share
from infnet_keras.devices.whole_model import distributed, in_host_memory
from infnet_keras.models import from_spec
from infnet_keras.progress import Progress
from infnet_keras.spec import FeatureSpec
from infnet_keras.training.epoch_progress import EpochProgress
from infnet_keras.training.evaluate_within_epoch import EvaluateWithinEpoch
from infnet_keras.training.redraw_tables import RedrawTables
from infnet_keras.training.run_directory import RunDirectory
from infnet_keras.training.save_state import SaveState
from infnet_keras.training.seed_epoch import SeedEpoch
from infnet_keras.training.stop_on_nan import StopOnNaN
from infnet_keras.training.training_state import Evaluation, TrainingState
from infnet_keras.training.validation_auc import ValidationAUC
from infnet_keras.training.xla import choose_xla


def fit(
    spec: FeatureSpec,
    data: Impressions,
    directory: RunDirectory,
    state: TrainingState,
    progress: Progress,
    more: Sequence[keras.callbacks.Callback],
    model: Any = None,
    devices: int = 1,
    observe: Callable[[Evaluation], None] | None = None,
) -> None:
    """Train from a state to the end of the epochs, or until nothing gets better.

    Args:
        spec: `spec.training` says how.
        data: what is trained on.
        directory: where every epoch is saved.
        state: where to go on; it moves along.
        progress: says how far the training is.
        more: more callbacks.
        model: the model of the state, where it is at hand.
        devices: how many train together; on torch this process is one of as many.
        observe: called with every evaluation.
    """
    options = spec.training
    if state.epoch == options.epochs or state.waits >= options.patience:
        return  # killed between its last epoch and its end
    if model is None:
        with progress.phase("building the model"), made_for(devices):
            model = _model(spec, data, directory, state)
    with _on_devices(model, devices) as model:
        _fit(spec, data, directory, state, progress, more, model, observe)


@contextmanager
def made_for(devices: int) -> Iterator[None]:
    """Where a model is made that so many devices of this process will hold."""
    with in_host_memory() if _shared_out(devices) else nullcontext():
        yield


@contextmanager
def _on_devices(model: Any, devices: int) -> Iterator[Any]:
    """The model on the devices that train it."""
    if share().devices > 1:
        model.replicate()
    if not _shared_out(devices):
        yield model
        return
    with RowSharding(keras.distribution.list_devices()[:devices]).scope():
        shared_out = distributed(model)
        del model  # which takes the host's memory
        yield shared_out


def _shared_out(devices: int) -> bool:
    """Whether this process alone trains on several devices."""
    return devices > share().devices


def _fit(
    spec: FeatureSpec,
    data: Impressions,
    directory: RunDirectory,
    state: TrainingState,
    progress: Progress,
    more: Sequence[keras.callbacks.Callback],
    model: Any,
    observe: Callable[[Evaluation], None] | None,
) -> None:
    options = spec.training
    with progress.phase("laying out batches"):  # buckets measure every history
        dataset = ImpressionDataset(
            data,
            "train",
            options.batch_size,
            shuffle=True,
            seed=options.seed,
            fill_last_batch=True,
            bucket_by_length=options.bucket_by_length,
            share=share(),
        )

    choose_xla(model, options, len(dataset) * options.epochs)

    def report(evaluation: Evaluation) -> None:
        progress.say(_line(evaluation, is_best=evaluation is state.best))
        if observe is not None:
            observe(evaluation)

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
    callbacks: list[keras.callbacks.Callback] = [SeedEpoch(dataset, options.seed)]
    if options.redraw_tables:
        callbacks.append(RedrawTables())
    if share().rank > 0:  # what was drawn above is drawn alike everywhere, dropout is not
        callbacks.append(SeedEpoch(dataset, options.seed, share().rank))
    callbacks += [StopOnNaN(), epochs]
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


def _line(evaluation: Evaluation, is_best: bool) -> str:
    named = {**evaluation.auc, **{f"{t} (XAUC)": each for t, each in evaluation.xauc.items()}}
    tasks = "  ".join(
        f"{task} {'-' if value is None else f'{value:.4f}'}" for task, value in named.items()
    )
    return (
        f"epoch {evaluation.epoch}  step {evaluation.step}  loss {evaluation.loss:.4f}  "
        f"AUC: mean {evaluation.mean_auc:.4f}  {tasks}{'  (best)' if is_best else ''}"
    )
