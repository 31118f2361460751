"""Names for version numbers, such as "stable" and "canary"."""

import threading
from collections.abc import Mapping

from serving.lifecycle.version_states import State, VersionStates
from serving.status import failed_precondition, invalid_argument, unavailable

Labels = Mapping[str, Mapping[str, int]]


class VersionLabels:
    """The labels of every model, replaced as a whole when the configuration changes.

    Args:
        states: tells which versions are available.
        allow_unavailable: whether a label that is not in use yet may point to a version that is
            not available.

    Example:
        >>> labels.replace({"half": {"stable": 1}})
        >>> labels.version_of("half", "stable")
        1

    Source:
        TensorFlow Serving, model_servers/server_core.cc, UpdateModelVersionLabelMap.
    """

    def __init__(self, states: VersionStates, allow_unavailable: bool) -> None:
        self._states = states
        self._allow_unavailable = allow_unavailable
        self._lock = threading.Lock()
        self._labels: Labels | None = None

    def check(self, labels: Labels) -> None:
        """See that these labels could replace those in use.

        Raises:
            StatusError: FAILED_PRECONDITION, one of them would point to a version that is not
                available.
        """
        with self._lock:
            self._check(labels)

    def replace(self, labels: Labels) -> None:
        """Use these labels from now on, and no others.

        Raises:
            StatusError: see `check`; the labels in use stay as they are.
        """
        with self._lock:
            self._check(labels)
            self._labels = {model: dict(versions) for model, versions in labels.items()}

    def version_of(self, model: str, label: str) -> int:
        """The version that a label points to.

        Raises:
            StatusError: there is no such label.
        """
        with self._lock:
            if self._labels is None:
                raise unavailable(f"Model labels does not init yet.{label}")
            versions = self._labels.get(model, {})
            if label not in versions:
                raise invalid_argument(f"Unrecognized servable version label: {label}")
            return versions[label]

    def of_model(self, model: str) -> dict[str, int]:
        """Label -> version of one model; empty if it has none."""
        with self._lock:
            return dict((self._labels or {}).get(model, {}))

    def _check(self, labels: Labels) -> None:
        for model, versions in labels.items():
            states = self._states.of_model(model)
            for label, version in versions.items():
                if self._allow_unavailable and not self._moves(model, label, version):
                    continue
                if version not in states or states[version].state is not State.AVAILABLE:
                    raise failed_precondition(
                        f"Request to assign label to version {version} of model {model}, "
                        "which is not currently available for inference"
                    )

    def _moves(self, model: str, label: str, version: int) -> bool:
        """Whether the label is in use for another version."""
        current = (self._labels or {}).get(model, {}).get(label)
        return current is not None and current != version
