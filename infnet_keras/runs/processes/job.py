"""What a worker is to do, and who thinks of it."""

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, eq=False)
class Job:
    """One thing for a worker to do.

    Attributes:
        request: what the worker is told, JSON data (see `Worker`).
        label: how progress calls it, such as "mmoe, seed 0".
        kind: jobs of one kind need about the same memory.
    """

    request: dict[str, Any]
    label: str
    kind: str


class Jobs(Protocol):
    """Where jobs come from, and what is made of their ends."""

    @property
    def left(self) -> int:
        """Jobs that are not done, those that are being done included."""
        ...

    @property
    def waiting(self) -> list[str]:
        """The kind of each job that has not begun."""
        ...

    def next(self) -> Job | None:
        """A job to begin now; None: none as long as no other one ends."""
        ...

    def evaluated(self, job: Job, number: int, mean_auc: float) -> bool:
        """An evaluation within a job; whether to stop it."""
        ...

    def ended(self, job: Job, message: dict[str, Any]) -> None:
        """The last message of a job (see `Worker`)."""
        ...
