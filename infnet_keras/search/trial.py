"""One trial of a search, once it has ended."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple


class Trial(NamedTuple):
    """What was tried, and what became of it.

    Attributes:
        number: from 1, in the order in which trials began.
        values: dotted key -> value.
        ended: "complete", "pruned" (below the median), or "failed" (diverged, or no model).
        mean_auc: of validation: the best of a complete trial, the last one of another; None where
            none was seen.
        evaluations: how many were seen.
    """

    number: int
    values: dict[str, Any]
    ended: Literal["complete", "pruned", "failed"]
    mean_auc: float | None
    evaluations: int


def spelt(values: Mapping[str, Any]) -> str:
    """The values of a trial in a line, numbers to four digits.

    Example:
        >>> spelt({"training.learning_rate": 0.00123456, "model.dim": 16})
        'training.learning_rate=0.001235, model.dim=16'
    """
    return ", ".join(
        f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}"
        for key, value in values.items()
    )
