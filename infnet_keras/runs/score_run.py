"""Score the test part with a trained run: once."""

from collections.abc import Collection
from typing import Any

from infnet_keras.boosting.boosted_trees import BoostedTrees
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.errors import ModelError
from infnet_keras.evaluation import evaluate_predictions, predict_split
from infnet_keras.progress import Progress
from infnet_keras.runs.processes.memory import usable_cores
from infnet_keras.runs.resample_run import resample_run
from infnet_keras.runs.run_files import RunFiles, write_json
from infnet_keras.runs.shorter_histories import with_lengths_of
from infnet_keras.training.load_run_model import load_run_model

BATCH_SIZE = 4096


def score_run(
    run: RunFiles,
    data: PreparedData,
    settled: Collection[str],
    resamples: int = 0,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Predict the test part and measure what was predicted; a scored run is returned as it is.

    Args:
        run: a trained run.
        data: prepared data.
        settled: identities of the runs whose settings are fixed; another one is refused.
        resamples: of users, to be measured too (see `resample_run`); 0: none.
        progress: where it says how far it is.

    Returns:
        JSON data, which `result.json` holds: `validation`, and `test`, the report of
        `evaluate_predictions` without intervals.

    Raises:
        ModelError: the settings of this run are not fixed, or it is not trained.
    """
    progress = progress or Progress()
    found = run.result
    if found is not None:
        _resample(run, resamples, progress)
        return found
    identity = run.configuration.identity
    if identity not in settled:
        raise ModelError(
            f"the run {identity} is not to be scored: its settings are not fixed, and the test "
            "part chooses nothing"
        )
    validation = run.validation
    if validation is None:
        raise ModelError(f"the run {identity} is not trained to its end, so it cannot be scored")
    shorter = with_lengths_of(run.configuration.spec, data)
    predictions = predict_split(load_scorer(run), shorter, "test", BATCH_SIZE, progress)
    predictions.save(run.path / "test.npz")
    _resample(run, resamples, progress)
    found = {"validation": validation, "test": evaluate_predictions(predictions, bootstrap=0)}
    write_json(run.path / "result.json", found)
    return found


def _resample(run: RunFiles, resamples: int, progress: Progress) -> None:
    if resamples:
        with progress.phase("resampling users"):
            resample_run(run, resamples)


def load_scorer(run: RunFiles) -> Any:
    """The trained model of a run, or its trees: `tasks`, `predict_on_batch`, `spec`."""
    options = run.configuration.lightgbm
    if options is not None:
        strength, threads = options.rate_strength, len(usable_cores())
        return BoostedTrees.load(run.training, run.configuration.spec, strength, threads)
    return load_run_model(run.training, with_optimizer=False)
