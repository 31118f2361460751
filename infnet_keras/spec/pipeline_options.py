"""What a pipeline checks: where splits begin, how data may drift, which models may be served."""

from typing import Annotated, Literal, get_args

from pydantic import Field, NonNegativeFloat, PositiveInt, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.tasks import TaskKind

Metric = Literal["auc", "gauc", "calibration", "log_loss", "xauc", "gxauc", "mae", "rmse"]
METRICS: tuple[Metric, ...] = get_args(Metric)
METRICS_OF: dict[TaskKind, tuple[Metric, ...]] = {
    "binary": ("auc", "gauc", "calibration", "log_loss"),
    "regression": ("xauc", "gxauc", "calibration", "mae", "rmse"),
}
"""The metrics of a task of each kind."""
Distance = Annotated[float, Field(ge=0.0, le=1.0)]


class Splits(Block):
    """Where validation and test begin, unless the command says otherwise.

    A fraction of the rows, or, for a log with a time column, a local day (YYYY-MM-DD) or time
    (YYYY-MM-DD HH:MM). There a fraction is cut at the nearest instant: no instant is in two splits.
    """

    valid_from: str | float
    """First day or time of validation, or the fraction of rows before it."""
    test_from: str | float
    """First day or time of the test, or the fraction of rows before it."""


class Validation(Block):
    """How far a column's values may be from what is expected before a pipeline stops.

    Distances are between 0 and 1: the largest difference of a value's share (L-infinity) where a
    column is embedded by value, the Jensen-Shannon divergence where its numbers fall into buckets.
    """

    drift: dict[str, Distance] = Field(default_factory=dict)
    """For each column, the most distance between this training part and the last run's."""
    skew: dict[str, Distance] = Field(default_factory=dict)
    """For each column, the most distance between the test part, the newest, and the training."""
    unseen: dict[str, Distance] = Field(default_factory=dict)
    """For each column, the most share of the test part's values that training saw too rarely."""


class Bound(Block):
    """The values that a metric may take."""

    at_least: float | None = None
    """The smallest value that passes."""
    at_most: float | None = None
    """The largest value that passes."""

    @model_validator(mode="after")
    def _bounds(self) -> "Bound":
        if self.at_least is None or self.at_most is None:
            if self.at_least is self.at_most:
                raise ValueError("give `at_least`, `at_most` or both")
        elif self.at_least > self.at_most:
            raise ValueError("`at_least` exceeds `at_most`: no value passes")
        return self


class Gates(Block):
    """What the metrics of one task must be."""

    auc: Bound | None = None
    """Area under the ROC curve over all impressions."""
    gauc: Bound | None = None
    """AUC within each user, every user with both labels counted alike."""
    calibration: Bound | None = None
    """Mean probability over the rate of positive labels; of a regression the mean answer over the
    mean label."""
    log_loss: Bound | None = None
    """Mean cross-entropy."""
    xauc: Bound | None = None
    """Of a regression: the share of pairs of impressions in the right order."""
    gxauc: Bound | None = None
    """Of a regression: the same within each user, every user with two labels counted alike."""
    mae: Bound | None = None
    """Of a regression: the mean absolute error, in the label's own unit."""
    rmse: Bound | None = None
    """Of a regression: the root of the mean squared error, in the label's own unit."""

    @model_validator(mode="after")
    def _any(self) -> "Gates":
        if not self.given:
            raise ValueError(
                f"bound one of {', '.join(METRICS)}, or leave the task out to ask nothing of it "
                "(without any gate every task's auc, or xauc, must be at least 0.5)"
            )
        return self

    @property
    def given(self) -> dict[Metric, Bound]:
        """The bounds that are given, by metric."""
        return {name: bound for name in METRICS if (bound := getattr(self, name)) is not None}


class Change(Block):
    """How much worse than the last blessed model's a metric of any task may be.

    Errors of regressions are not among them: their units differ from task to task.
    """

    auc: NonNegativeFloat | None = None
    """Fall of the AUC."""
    gauc: NonNegativeFloat | None = None
    """Fall of the gAUC."""
    log_loss: NonNegativeFloat | None = None
    """Rise of the mean cross-entropy."""
    xauc: NonNegativeFloat | None = None
    """Fall of a regression's XAUC."""
    gxauc: NonNegativeFloat | None = None
    """Fall of a regression's XAUC within users."""

    @property
    def given(self) -> dict[Metric, float]:
        """The limits that are given, by metric."""
        return {name: limit for name in METRICS if (limit := getattr(self, name, None)) is not None}


class Evaluation(Block):
    """When a trained model may be served, by its metrics on the whole test part."""

    slices: list[str | list[str]] = Field(default_factory=list)
    """Columns, or combinations of columns, by whose values metrics are also reported."""
    gates: dict[str, Gates] = Field(default_factory=dict)
    """For each task, what its metrics must be; without any gate every task's AUC (of a regression
    XAUC) at least 0.5."""
    change: Change = Field(default_factory=Change)
    """How much worse than the last blessed model a model may be."""


class Search(Block):
    """The values that one key of the spec may take: a few choices, or a range of numbers."""

    choices: list[bool | int | float | str] | None = Field(default=None, min_length=2)
    """The values to try."""
    low: float | None = None
    """The smallest value of a range."""
    high: float | None = None
    """The largest value of a range."""
    scale: Literal["linear", "log"] = "linear"
    """How the values of a range are spread."""

    @model_validator(mode="after")
    def _one_kind(self) -> "Search":
        if (self.choices is None) == (self.low is None) or (self.low is None) != (
            self.high is None
        ):
            raise ValueError("give either `choices`, or `low` and `high`")
        if self.low is not None and self.high is not None:
            if self.low >= self.high:
                raise ValueError("`low` must be less than `high`")
            if self.scale == "log" and self.low <= 0:
                raise ValueError("a log scale needs a `low` above 0")
        return self


class Tuning(Block):
    """Which values of the spec a tuner tries, by mean validation AUC (of a regression XAUC)."""

    trials: PositiveInt = 10
    """How many combinations are trained."""
    search: dict[str, Search] = Field(min_length=1)
    """For each dotted key of the spec, such as training.learning_rate, the values to try."""
