"""Train one run of many, on the training and validation parts alone."""

from collections.abc import Callable
from typing import Any

from infnet_keras.boosting.fit import fit_boosted_trees
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.progress import Progress
from infnet_keras.runs.measure_fit import MeasureFit
from infnet_keras.runs.processes.memory import forget_peak, peak, usable_cores
from infnet_keras.runs.run_files import RunFiles, write_json
from infnet_keras.runs.shorter_histories import with_lengths_of
from infnet_keras.runs.without_test import WithoutTest
from infnet_keras.training import Evaluation, train
from infnet_keras.training.run_directory import RunDirectory

Observe = Callable[[int, float], None]


def fit_run(
    run: RunFiles, data: PreparedData, observe: Observe, progress: Progress | None = None
) -> dict[str, Any]:
    """Train a run to its end, or continue it; a finished one is returned as it is.

    Args:
        run: what to train; its directory has begun.
        data: prepared data; the test part is out of reach here.
        observe: called with each evaluation's number, from 1, and its mean validation AUC, those
            before a kill again; what it raises ends the fit.
        progress: where the fit says what it does.

    Returns:
        JSON data, which `validation.json` holds: mean_auc and auc (by task, of a regression XAUC)
        of the best evaluation,
        evaluations, seconds (training and evaluations), parameters, parameters_outside_tables,
        observed (the mean AUC of each evaluation), peak_bytes (of the process).

    Raises:
        InfnetError: as `train` raises it.
    """
    found = run.validation
    if found is not None:
        return found
    forget_peak()
    observed: list[float] = []

    def observing(number: int, mean_auc: float) -> None:
        observed.append(mean_auc)
        observe(number, mean_auc)

    chosen_by = WithoutTest(with_lengths_of(run.configuration.spec, data))
    if run.configuration.lightgbm is not None:
        spec, options = run.configuration.spec, run.configuration.lightgbm
        threads = len(usable_cores())
        found = fit_boosted_trees(spec, options, chosen_by, run.training, observing, threads)
    else:
        found = _fit_model(run, chosen_by, observing, progress)
    found |= {"observed": observed, "peak_bytes": peak()}
    write_json(run.path / "validation.json", found)
    return found


def _fit_model(
    run: RunFiles, data: WithoutTest, observe: Observe, progress: Progress | None
) -> dict[str, Any]:
    measure = MeasureFit(run.path / "fit.json")
    seen = 0

    def evaluated(evaluation: Evaluation) -> None:
        nonlocal seen
        seen += 1
        observe(seen, evaluation.mean_auc)

    spec, training = run.configuration.spec, run.training
    begun = RunDirectory(training).read()
    for evaluation in begun.evaluations if begun is not None else ():  # of a fit that continues
        evaluated(evaluation)
    result = train(spec, data, training, progress=progress, callbacks=[measure], observe=evaluated)
    best = result.best
    evaluations = len(result.evaluations)
    return {
        "mean_auc": best.mean_auc,
        "auc": best.ranks,
        "evaluations": evaluations,
        **measure.measures,
    }
