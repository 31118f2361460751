"""Tasks: what is predicted."""

import re
from typing import Literal

from pydantic import NonNegativeFloat, PositiveFloat, field_validator, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.condition import Condition

_COMPARES = re.compile(r"[=<>]")
_QUOTED = re.compile(r"`([^`]+)`")
Missing = int | float | str
_LEAST_SCALE = 1e-15  # whose square float32 still holds
TaskKind = Literal["binary", "regression"]
RegressionLoss = Literal["huber", "squared"]


class FoundIn(Block):
    """A label that another log gives: 1 where that log has a row with the impression's keys."""

    found_in: str
    """The source to look in; its `join` says by which columns."""
    when: str | None = None
    """Which of its rows count: comparisons over its own columns; without it every row."""


class Task(Block):
    """One label of the log; rows outside `mask` leave its loss and its metrics."""

    label: str | FoundIn
    """What is 1 or 0: a column (0 and 1, true and false), a condition such as rating >= 4, or
    `found_in` another log. Of a regression: a column of numbers."""
    kind: TaskKind = "binary"
    """What is predicted: `binary`, the probability that the label is 1; `regression`, the label,
    a number such as seconds watched."""
    scale: PositiveFloat | None = None
    """Of a regression: what the label is divided by in the loss, so that it is of order 1; null: 1.
    Answers and metrics are in the label's own unit."""
    loss: RegressionLoss | None = None
    """Of a regression, of the error e in units of `scale`: `huber`, e^2 / 2 up to 1 and |e| - 1/2
    beyond; `squared`, e^2 / 2; null: huber."""
    weight: NonNegativeFloat | str = 1.0
    """Factor of its loss: a number, or the column that holds one for each impression."""
    mask: str | None = None
    """Which impressions count: comparisons joined by and, or, not; without it all."""
    missing: Missing | list[Missing] | None = None
    """Values of the label's columns that mean: no label."""

    @field_validator("weight", mode="before")
    @classmethod
    def _number_in_text(cls, weight: object) -> object:
        """YAML reads 1e-1 as text, and no column is meant by it."""
        try:
            return float(weight) if isinstance(weight, str) else weight
        except ValueError:
            return weight

    @model_validator(mode="after")
    def _fits_its_kind(self) -> "Task":
        if self.is_binary:
            for key in ("scale", "loss"):
                if getattr(self, key) is not None:
                    raise ValueError(
                        f"`{key}` belongs to `kind: regression`; a binary task predicts a "
                        "probability: drop it, or say the kind"
                    )
        elif isinstance(self.label, FoundIn):
            raise ValueError(
                "a regression predicts a number, and a label `found_in` another log is 0 or 1: "
                "name a column of numbers, or drop `kind`"
            )
        elif _COMPARES.search(_QUOTED.sub("", self.label)):
            raise ValueError(
                f"a regression predicts a number, and {self.label} is a condition, 0 or 1: name a "
                "column of numbers, or drop `kind`"
            )
        elif not _LEAST_SCALE <= self.answer_scale <= 1 / _LEAST_SCALE:
            raise ValueError(
                f"`scale: {self.scale}` leaves float32 no digits for the loss: give what a usual "
                f"label is, between {_LEAST_SCALE:g} and {1 / _LEAST_SCALE:g}"
            )
        return self

    @property
    def is_binary(self) -> bool:
        """Whether the label is 0 or 1, and the answer a probability."""
        return self.kind == "binary"

    @property
    def answer_scale(self) -> float:
        """What the tower's number is multiplied by: a regression's `scale`."""
        return 1.0 if self.scale is None else self.scale

    @property
    def loss_options(self) -> dict[str, float | str]:
        """What the loss of this kind is told, as `TASK_LOSSES` takes it."""
        if self.kind != "regression":
            return {}
        return {"error": self.loss or "huber", "scale": self.answer_scale}

    @property
    def loss_weight(self) -> float:
        """The factor of its loss that all impressions share."""
        return 1.0 if isinstance(self.weight, str) else self.weight

    @property
    def weight_column(self) -> str | None:
        """The column of each impression's own factor; None without one."""
        return self.weight if isinstance(self.weight, str) else None

    @property
    def condition(self) -> Condition | None:
        """The label as a condition; None where it is a column or found in another log.

        Raises:
            ConditionError: it compares something, and is no condition.
        """
        if isinstance(self.label, str) and _COMPARES.search(_QUOTED.sub("", self.label)):
            return Condition.parse(self.label)
        return None

    @property
    def label_columns(self) -> tuple[str, ...]:
        """The columns of an impression that the label is made of: known only after it.

        Example:
            >>> Task(label="rating >= 4 and finished == 1").label_columns
            ('rating', 'finished')
        """
        if isinstance(self.label, FoundIn):
            return ()
        if (condition := self.condition) is not None:
            return condition.columns
        quoted = _QUOTED.fullmatch(self.label)
        return (self.label if quoted is None else quoted[1],)

    @property
    def label_text(self) -> str:
        """The label as reports and errors call it."""
        if isinstance(self.label, str):
            return self.label
        when = "" if self.label.when is None else f" where {self.label.when}"
        return f"found in {self.label.found_in}{when}"

    @property
    def means_missing(self) -> list[Missing]:
        """Every value that means: no label."""
        if self.missing is None:
            return []
        return self.missing if isinstance(self.missing, list) else [self.missing]
