"""Grow the boosted trees of a spec on prepared data."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.boosting.boosted_trees import BoostedTrees, import_lightgbm
from infnet_keras.boosting.features import Features, Matrix, rated_fields
from infnet_keras.boosting.options import LightGBMOptions
from infnet_keras.boosting.value_rates import Ids, ValueRates
from infnet_keras.data.prepared.batch import Batch
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.errors import DataError, InfnetError
from infnet_keras.evaluation import Predictions, task_aucs
from infnet_keras.spec import FeatureSpec

_BATCH = 8192
Labels = dict[str, npt.NDArray[np.float32]]


def fit_boosted_trees(
    spec: FeatureSpec,
    options: LightGBMOptions,
    data: Impressions,
    directory: Path,
    observe: Callable[[int, float], None],
    threads: int = 0,
) -> dict[str, Any]:
    """Count the rates on the training part, grow a forest per task, stop each by validation AUC.

    Args:
        spec: the feature spec; of its `training` the seed is read.
        options: of the trees.
        data: the parts train and valid are read.
        directory: where the trees go.
        observe: called once, with 1 and the mean validation AUC.
        threads: of LightGBM; 0: one per core.

    Returns:
        JSON data: mean_auc and auc (by task) on the validation part, evaluations, seconds, trees
        (by task).

    Raises:
        DataError: a part is empty, or no task has both classes in the validation part.
        InfnetError: LightGBM is not installed, the spec or the data weigh impressions, or a task is
            a regression.
    """
    if spec.weighs or data.spec.weighs:
        raise InfnetError(
            "LightGBM's row counts the rates of values over all impressions and weighs them alike: "
            "prepare the data without `sample` and columns of weights, or leave the row out"
        )
    if numbers := [name for name in spec.tasks if name not in spec.binary_tasks]:
        raise InfnetError(
            f"LightGBM's row grows forests of binary tasks, and task {numbers[0]!r} is a "
            "regression: leave the row out, or the task"
        )
    lightgbm = import_lightgbm()
    began = time.monotonic()
    seed = spec.training.seed
    rates = _rates(spec, options, data, seed)
    features = Features(spec, rates)
    taken = _evenly(data.count("train"), options.rows)
    train, train_labels, _ = _collected(_folded(data, options.folds, seed), features, taken)
    valid, valid_labels, users = _collected(((b, None) for b in _batches(data, "valid")), features)
    forests: dict[str, Any] = {}
    for task in spec.tasks:
        forests[task] = _forest(
            lightgbm,
            options,
            (train, train_labels[task]),
            (valid, valid_labels[task]),
            {"seed": seed, "num_threads": threads, "verbosity": -1, "deterministic": True},
        )
    trees = BoostedTrees(spec, rates, forests, threads)
    found = task_aucs(Predictions(valid_labels, trees.predict_matrix(valid), users))
    if found.mean_auc is None:
        raise DataError(
            "no task has both a positive and a negative label in the validation split, so there "
            "is no AUC to stop the trees by"
        )
    trees.save(directory)
    observe(1, found.mean_auc)
    return {
        "mean_auc": found.mean_auc,
        "auc": found.auc,
        "evaluations": 1,
        "seconds": round(time.monotonic() - began, 3),
        "trees": {t: 0 if isinstance(f, float) else f.num_trees() for t, f in forests.items()},
    }


def _rates(
    spec: FeatureSpec, options: LightGBMOptions, data: Impressions, seed: int
) -> dict[str, ValueRates]:
    rows = data.assets.table_rows(spec)
    tasks, strength = list(spec.tasks), options.rate_strength
    rates = {
        name: ValueRates(rows[spec.field_table(name)], tasks, options.folds, strength)
        for name in rated_fields(spec)
    }
    for batch, folds in _folded(data, options.folds, seed):
        for name, counted in rates.items():
            counted.add(batch.inputs[name], batch.labels, folds)
    for counted in rates.values():
        counted.close()
    return rates


def _batches(data: Impressions, split: Any) -> Iterator[Batch]:
    return data.reader(split, _BATCH).batches()


def _folded(data: Impressions, folds: int, seed: int) -> Iterator[tuple[Batch, Ids]]:
    """The training impressions, each with the part that it is in; the same every time."""
    random = np.random.default_rng(seed)
    for batch in _batches(data, "train"):
        yield batch, random.integers(0, folds, len(batch.users))


def _evenly(count: int, wanted: int) -> npt.NDArray[np.bool_]:
    """Which of so many rows are taken."""
    taken = np.zeros(count, bool)
    taken[np.linspace(0, count - 1, min(count, wanted)).round().astype(np.int64)] = True
    return taken


def _collected(
    batches: Iterator[tuple[Batch, Any]],
    features: Features,
    taken: npt.NDArray[np.bool_] | None = None,
) -> tuple[Matrix, Labels, npt.NDArray[np.int64]]:
    """Features, labels and users of the rows that are taken, in their order."""
    matrices, labels, users = [], [], []
    start = 0
    for batch, folds in batches:
        rows = slice(start, start + len(batch.users))
        start = rows.stop
        chosen = np.flatnonzero(taken[rows]) if taken is not None else slice(None)
        inputs = {name: ids[chosen] for name, ids in batch.inputs.items()}
        matrices.append(features.matrix(inputs, None if folds is None else folds[chosen]))
        labels.append({task: values[chosen] for task, values in batch.labels.items()})
        users.append(batch.users[chosen])
    return (
        np.concatenate(matrices),
        {task: np.concatenate([part[task] for part in labels]) for task in labels[0]},
        np.concatenate(users),
    )


def _forest(
    lightgbm: Any,
    options: LightGBMOptions,
    train: tuple[Matrix, Matrix],
    valid: tuple[Matrix, Matrix],
    common: dict[str, Any],
) -> Any:
    """A booster; the rate of positives where training shows one class alone."""
    matrix, labels = _labelled(*train)
    if len(np.unique(labels)) < 2:
        return float(labels.mean()) if len(labels) else 0.0
    parameters = {
        "objective": "binary",
        "metric": "auc",
        "learning_rate": options.learning_rate,
        "num_leaves": options.leaves,
        "min_data_in_leaf": options.min_rows,
        "lambda_l2": options.l2,
        "feature_fraction": options.feature_fraction,
        **common,
    }
    dataset = lightgbm.Dataset(matrix, labels)
    watched, callbacks = [], []
    valid_matrix, valid_labels = _labelled(*valid)
    if len(np.unique(valid_labels)) == 2:
        watched = [lightgbm.Dataset(valid_matrix, valid_labels, reference=dataset)]
        callbacks = [lightgbm.early_stopping(options.patience, verbose=False)]
    return lightgbm.train(
        parameters, dataset, options.trees, valid_sets=watched, callbacks=callbacks
    )


def _labelled(matrix: Matrix, labels: Matrix) -> tuple[Matrix, Matrix]:
    known = ~np.isnan(labels)
    return matrix[known], labels[known]
