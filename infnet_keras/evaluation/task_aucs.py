"""AUC and gAUC of every task: what a model is chosen by."""

from typing import NamedTuple

from infnet_keras.evaluation.predictions import Predictions
from infnet_keras.evaluation.report import mean_of, or_none
from infnet_keras.metrics import auc, grouped_auc, grouped_xauc, xauc

_Values = dict[str, float | None]


class TaskAUCs(NamedTuple):
    """Exact AUC and gAUC by binary task, XAUC and gXAUC by regression, None where one has no value.

    The means are over all tasks: XAUC is what AUC is of labels 0 and 1.
    """

    auc: _Values
    gauc: _Values
    mean_auc: float | None
    mean_gauc: float | None
    xauc: _Values = {}  # noqa: RUF012  (never changed in place)
    gxauc: _Values = {}  # noqa: RUF012


def task_aucs(predictions: Predictions, tasks: list[str] | None = None) -> TaskAUCs:
    """Measure how well predictions rank.

    Args:
        predictions: labels, answers and users of a split.
        tasks: the tasks to measure, in order; None: all.

    Returns:
        AUC over all rows and gAUC (within users, averaged over the users with both classes), of
        regressions XAUC (the share of pairs in the right order) and gXAUC (the same within users).
        The means are over the tasks that have a value, None where none has.

    Raises:
        DataError: an answer is not finite.

    Example:
        >>> labels, scores = {"click": np.array([1, 0, 1.0])}, {"click": np.array([0.9, 0.2, 0.1])}
        >>> task_aucs(Predictions(labels, scores, np.array([7, 7, 8]))).auc
        {'click': 0.5}
    """
    aucs: _Values = {}
    gaucs: _Values = {}
    xaucs: _Values = {}
    gxaucs: _Values = {}
    for task in predictions.tasks if tasks is None else tasks:
        labels, answers = predictions.labels[task], predictions.probabilities[task]
        if task in predictions.regressions:
            xaucs[task] = or_none(xauc(labels, answers))
            gxaucs[task] = or_none(grouped_xauc(labels, answers, predictions.users).value)
        else:
            aucs[task] = or_none(auc(labels, answers))
            gaucs[task] = or_none(grouped_auc(labels, answers, predictions.users).value)
    mean, grouped_mean = (
        mean_of([*of_binary.values(), *of_numbers.values()])
        for of_binary, of_numbers in ((aucs, xaucs), (gaucs, gxaucs))
    )
    return TaskAUCs(aucs, gaucs, mean, grouped_mean, xaucs, gxaucs)
