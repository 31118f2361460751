"""Single jobs whose answer is kept in a file: timing, attention."""

from pathlib import Path
from typing import Any

from infnet_keras.runs.processes.job import Job
from infnet_keras.runs.run_files import read_json, write_json


class OneAnswer:
    """Asks a worker once; the answer to the same request is not asked for again.

    Args:
        request: what the worker is told.
        label: how progress calls it.
        path: the JSON file that keeps request and answer.

    Attributes:
        request: what the worker is told.
        label: how progress calls it.
        failure: why there is no answer; None where there is one, or none yet.
    """

    def __init__(self, request: dict[str, Any], label: str, path: Path) -> None:
        self.request = request
        self._job = Job(request, label, "timing")
        self._path = path
        self.label = label
        self._begun = self.answer is not None
        self.failure: str | None = None

    @property
    def answer(self) -> Any:
        """What was answered; None where it was not asked yet."""
        content = read_json(self._path)
        if content is None or content["request"] != self.request:
            return None
        return content["answer"]

    @property
    def left(self) -> int:
        return int(self.answer is None and self.failure is None)

    @property
    def waiting(self) -> list[str]:
        return []

    def next(self) -> Job | None:
        if self._begun:
            return None
        self._begun = True
        return self._job

    def evaluated(self, job: Job, number: int, mean_auc: float) -> bool:
        return False

    def ended(self, job: Job, message: dict[str, Any]) -> None:
        if message["said"] == "failed":
            self.failure = message["error"]
        else:
            self.keep(message["found"])

    def keep(self, answer: Any) -> None:
        """Write the answer beside its request."""
        write_json(self._path, {"request": self.request, "answer": answer})
