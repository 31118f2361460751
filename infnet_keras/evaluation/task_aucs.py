"""AUC and gAUC of every task: what a model is chosen by."""

from typing import NamedTuple

from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.report import mean_of, or_none
from infnet_keras.metrics import auc, grouped_auc


class TaskAUCs(NamedTuple):
    """Exact AUC and gAUC by task, None where one has no value, and the means over the tasks."""

    auc: dict[str, float | None]
    gauc: dict[str, float | None]
    mean_auc: float | None
    mean_gauc: float | None


def task_aucs(predictions: Predictions, tasks: list[str] | None = None) -> TaskAUCs:
    """Measure how well predictions rank.

    Args:
        predictions: labels, probabilities and users of a split.
        tasks: the tasks to measure, in order; None: all.

    Returns:
        AUC over all rows and gAUC (within users, averaged over the users with both classes). The
        means are over the tasks that have a value, None where none has.

    Raises:
        DataError: a probability is not finite.

    Example:
        >>> labels, scores = {"click": np.array([1, 0, 1.0])}, {"click": np.array([0.9, 0.2, 0.1])}
        >>> task_aucs(Predictions(labels, scores, np.array([7, 7, 8]))).auc
        {'click': 0.5}
    """
    aucs: dict[str, float | None] = {}
    gaucs: dict[str, float | None] = {}
    for task in predictions.tasks if tasks is None else tasks:
        labels, scores = predictions.labels[task], predictions.probabilities[task]
        aucs[task] = or_none(auc(labels, scores))
        gaucs[task] = or_none(grouped_auc(labels, scores, predictions.users).value)
    return TaskAUCs(aucs, gaucs, mean_of(list(aucs.values())), mean_of(list(gaucs.values())))
