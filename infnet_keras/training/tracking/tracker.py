"""An experiment tracker that a run's evaluations go to."""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infnet_keras.spec import FeatureSpec
from infnet_keras.training.run_directory import TRACKED
from infnet_keras.training.tracking.scalars import scalars_of
from infnet_keras.training.training_state import Evaluation


class Tracker(ABC):
    """Sends a run's values once, and each evaluation at its step.

    `RUN/tracked.json` keeps which of the tracker's runs it is and the last step that was sent: a
    run that continues goes on there, and no step is sent twice.

    Args:
        spec: what is trained; its name is the experiment's.
        run: the run directory; its name is the run's.

    Attributes:
        package: that has to be installed.
    """

    package: str

    def __init__(self, spec: FeatureSpec, run: Path) -> None:
        self._spec = spec
        self._run = run
        self._begun = False
        self._last = -1

    def evaluated(self, evaluation: Evaluation) -> None:
        """Send an evaluation, unless it was sent before a kill."""
        path = self._run / TRACKED
        if not self._begun:
            earlier = json.loads(path.read_text()) if path.exists() else {}
            known = earlier.get("tracker") == self.package
            self._last = earlier["step"] if known else -1
            self._identity = self.begin(self._values(), earlier["run"] if known else None)
            self._begun = True
        if evaluation.step <= self._last:
            return
        self.send(evaluation.step, scalars_of(evaluation))
        self._last = evaluation.step
        kept = {"tracker": self.package, "run": self._identity, "step": self._last}
        path.write_text(json.dumps(kept) + "\n")

    def close(self, failed: bool) -> None:
        """Tell the tracker that the training ended."""
        if self._begun:
            self.end(failed)

    @abstractmethod
    def begin(self, values: dict[str, Any], run: str | None) -> str:
        """Begin a run of the tracker, or go on with an earlier one; its identity.

        Args:
            values: dotted keys of the spec's `model` and `training`.
            run: the identity of the earlier one, or None.
        """

    @abstractmethod
    def send(self, step: int, scalars: dict[str, float]) -> None:
        """Send what was measured at a step."""

    @abstractmethod
    def end(self, failed: bool) -> None:
        """End the run of the tracker."""

    def _values(self) -> dict[str, Any]:
        content = self._spec.model_dump(mode="json", include={"model", "training"})
        return dict(_flat(content))


def _flat(content: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in content.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield before + key, value


@contextmanager
def closing(tracker: Tracker) -> Iterator[None]:
    """Tell a tracker how the block ended."""
    try:
        yield
    except BaseException:
        tracker.close(failed=True)
        raise
    tracker.close(failed=False)
