"""What a model's AUC loses when an input says nothing."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.data.history.splits import Split
from infnet_keras.data.prepared.batch import Batch, concatenated
from infnet_keras.data.prepared.impressions import Impressions
from infnet_keras.evaluation.compare import compare_predictions
from infnet_keras.evaluation.predict import regressions_of
from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.report import ranking_metric
from infnet_keras.evaluation.sample import sample_batches
from infnet_keras.progress import Progress

_READ = ("difference", "difference_ci95")


class FeatureImportance(NamedTuple):
    """What is lost without one input.

    Attributes:
        feature: name of a field or of a sequence.
        kind: "field" or "sequence".
        drops: task, or "mean" over them -> AUC as it is less AUC without the input; None where the
            sample has no AUC of the task. Of a regression it is XAUC.
        intervals: the same -> the 95% interval of the drop, [low, high], or None.
    """

    feature: str
    kind: str
    drops: dict[str, float | None]
    intervals: dict[str, list[float] | None]


def feature_importance(
    model: Any,
    data: Impressions,
    split: Split,
    sample: int = 8192,
    rounds: int = 1,
    batch_size: int = 4096,
    bootstrap: int = 200,
    seed: int = 0,
    progress: Progress | None = None,
) -> list[FeatureImportance]:
    """Permutation importance of every field and sequence, the most important first.

    An input's values are dealt out anew among the impressions of a sample: they stay as frequent
    as they were and say nothing of the impression. The attributes of a sequence move together, as
    one history. What the AUC loses is the importance; a model is not trained again, so of two
    inputs that say the same either may look unimportant.

    Args:
        model: a MultiTaskModel.
        data: prepared data, or others with their methods.
        split: "train", "valid" or "test".
        sample: impressions to look at, spread over the split.
        rounds: how often each input is dealt out anew; more make the numbers steadier.
        batch_size: impressions at a time.
        bootstrap: resamples of users for the intervals; 0 leaves them out.
        seed: of the sample, the permutations and the resamples.
        progress: says how far it is; None for silence.

    Returns:
        Every input, by its mean drop over the tasks.

    Raises:
        DataError: the split has no impression.

    Example:
        >>> found = feature_importance(model, prepared, "valid", sample=256)
        >>> sorted(each.feature for each in found if each.kind == "sequence")
        ['click', 'view']

    Reference:
        Breiman, Random forests, Machine Learning 45 (2001), section 10; Fisher, Rudin and Dominici,
        arXiv 1801.01489.
    """
    rows = concatenated(list(sample_batches(data, split, sample, min(batch_size, 256), seed)))
    groups = _groups(data)
    generator = np.random.default_rng(seed)
    found = []
    total = len(groups) * rounds + 1
    with (progress or Progress()).phase("predicting without each input", total) as phase:
        whole = _predicted(model, rows, batch_size)
        phase.advance(1)
        before = _side_by_side([whole] * rounds)
        for number, ((kind, feature), inputs) in enumerate(groups.items()):
            without = []
            for turn in range(rounds):
                order = generator.permutation(len(rows.users))
                moved = {name: rows.inputs[name][order] for name in inputs}
                dealt = rows._replace(inputs=rows.inputs | moved)
                without.append(_predicted(model, dealt, batch_size))
                phase.advance(number * rounds + turn + 2)
            comparison = compare_predictions(before, _side_by_side(without), bootstrap, seed)
            lost = {
                task: [
                    of[f"{ranking_metric('auc', task in whole.regressions)}_{what}"]
                    for what in _READ
                ]
                for task, of in comparison.items()
            }
            found.append(
                FeatureImportance(
                    feature,
                    kind,
                    {task: _less(difference) for task, (difference, _) in lost.items()},
                    {task: _turned(interval) for task, (_, interval) in lost.items()},
                )
            )
    return sorted(found, key=lambda each: -(each.drops["mean"] or 0.0))


def _groups(data: Impressions) -> dict[tuple[str, str], list[str]]:
    """Kind and name of what moves together -> the model's inputs of it."""
    groups = {("field", name): [name] for name in data.spec.fields}
    for feature in data.spec.sequence_features:
        groups.setdefault(("sequence", feature.sequence), []).append(feature.name)
    return groups


def _predicted(model: Any, rows: Batch, batch_size: int) -> Predictions:
    parts: dict[str, list[npt.NDArray[np.float32]]] = {task: [] for task in model.tasks}
    for inputs, count in _batches(rows, batch_size):
        for task, values in model.predict_on_batch(inputs).items():
            parts[task].append(np.asarray(values)[:count])
    labels = {task: rows.labels[task] for task in model.tasks}
    answers = {task: np.concatenate(each) for task, each in parts.items()}
    return Predictions(labels, answers, rows.users, regressions_of(model))


def _batches(rows: Batch, size: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Inputs in batches of one size, as another is compiled anew, and how many rows count."""
    size = min(size, len(rows.users))
    for start in range(0, len(rows.users), size):
        some = rows.taken(np.arange(start, min(start + size, len(rows.users))))
        yield some.filled(size).inputs, len(some.users)


def _side_by_side(rounds: list[Predictions]) -> Predictions:
    """The rounds as one: a user is resampled with all of them."""
    tasks = rounds[0].tasks
    return Predictions(
        {task: np.concatenate([each.labels[task] for each in rounds]) for task in tasks},
        {task: np.concatenate([each.probabilities[task] for each in rounds]) for task in tasks},
        np.concatenate([each.users for each in rounds]),
        rounds[0].regressions,
    )


def _less(difference: float | None) -> float | None:
    return None if difference is None else -difference


def _turned(interval: list[float] | None) -> list[float] | None:
    return None if interval is None else [-interval[1], -interval[0]]
