"""What a training run has done so far: all that a resumed run needs besides the checkpoint."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

VERSION = 2  # 1: of infnet-keras 0.1


class Evaluation(NamedTuple):
    """One evaluation on the validation split.

    Attributes:
        epoch: the epoch it belongs to, from 1.
        step: optimiser steps done, over all epochs.
        loss: mean training loss of the epoch so far.
        auc: binary task -> exact AUC; None where the split holds one class only.
        gauc: binary task -> exact gAUC, every user counted alike; None where no user has both
            classes.
        mean_auc: mean over the tasks that have an AUC, or, of regressions, an XAUC.
        task_cosine: how alike the task tokens leave the last block, on a sample of the split (see
            `measure_collapse`); None where there are none to compare.
        xauc: regression -> exact XAUC, the share of pairs in the right order; None where all labels
            are equal.
        gxauc: regression -> the same within users, every user counted alike.
    """

    epoch: int
    step: int
    loss: float
    mean_auc: float
    auc: dict[str, float | None]
    gauc: dict[str, float | None]
    task_cosine: float | None = None
    xauc: dict[str, float | None] = {}  # noqa: RUF012  (never changed in place)
    gxauc: dict[str, float | None] = {}  # noqa: RUF012

    @property
    def ranks(self) -> dict[str, float | None]:
        """Task -> AUC, or a regression's XAUC: what the mean is of."""
        return {**self.auc, **self.xauc}


@dataclass
class TrainingState:
    """Progress of one run, from its first evaluation to its end.

    Attributes:
        spec: the resolved spec, as JSON data; a run belongs to one spec.
        data: digest of the prepared data's manifest; a run belongs to one data set.
        epoch: epochs done, and saved in `checkpoint`.
        checkpoint: file name of the model and optimiser after `epoch` epochs.
        best_model: file name of the model of the best evaluation.
        evaluations: every evaluation, in order.
        finished: why the run ended; None while it has not.
        warm_start: directory of the run whose model this one began with; None: with none.
    """

    spec: dict[str, Any]
    data: str
    epoch: int = 0
    checkpoint: str | None = None
    best_model: str | None = None
    evaluations: list[Evaluation] = field(default_factory=list)
    finished: Literal["epochs", "early stopping"] | None = None
    warm_start: str | None = None

    @property
    def best(self) -> Evaluation | None:
        """The evaluation with the highest mean AUC, the first of equals."""
        return max(self.evaluations, key=lambda e: e.mean_auc, default=None)

    @property
    def waits(self) -> int:
        """Evaluations since the best one."""
        if self.best is None:
            return 0
        return len(self.evaluations) - 1 - self.evaluations.index(self.best)

    def to_json(self) -> str:
        """The state as JSON text."""
        content = {"version": VERSION, **asdict(self)}
        content["evaluations"] = [evaluation._asdict() for evaluation in self.evaluations]
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "TrainingState":
        """The state that `to_json` wrote.

        Raises:
            ValueError: the text is not such a state.
        """
        content = json.loads(text)
        if not isinstance(content, Mapping) or content.get("version") != VERSION:
            raise ValueError(f"not a training state of version {VERSION}")
        fields = {key: value for key, value in content.items() if key != "version"}
        fields["evaluations"] = [Evaluation(**e) for e in fields.get("evaluations", [])]
        try:
            return cls(**fields)
        except TypeError as error:
            raise ValueError(str(error)) from error


def is_of_version_1(text: str) -> bool:
    """Whether this is a state that infnet-keras 0.1 wrote, whose models cannot be read."""
    try:
        content = json.loads(text)
    except ValueError:
        return False
    return isinstance(content, Mapping) and content.get("version") == 1
