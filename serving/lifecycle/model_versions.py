"""Brings the served versions of one model in line with those that are aspired."""

import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from serving.lifecycle.served_versions import ServedVersions
from serving.lifecycle.version_states import State, VersionStates
from serving.saved_model.servable import Servable
from serving.status import StatusError, unknown

LoadVersion = Callable[[str, int, str], Servable]
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RetryOptions:
    """How often a load is tried.

    Args:
        retries: attempts after the first that failed.
        interval: seconds between two attempts.
    """

    retries: int
    interval: float


@dataclass
class _Version:
    """A version that is being loaded, served or unloaded, or that failed and is still aspired."""

    path: str
    state: State = State.START
    aspired: bool = True
    failed: bool = False
    cancelled: threading.Event = field(default_factory=threading.Event)


class ModelVersions:
    """Loads, swaps and unloads the versions of one model, never leaving it without one.

    A version that is no longer aspired is unloaded only once an aspired one is available, or if
    none is aspired at all. A version whose loading failed, retries included, stays ended with its
    error for as long as it is aspired; what was served before goes on being served.

    Args:
        name: of the model.
        load: (name, version, path) -> servable, warmed up; raises StatusError.
        served: where available versions answer requests.
        states: where every change is published.
        retry: how often a failed load is tried again.
        loading: held during an attempt, so that only so many models load at a time.

    Example:
        >>> versions.aspire({2: "models/half/2"})

    Source:
        TensorFlow Serving, core/aspired_versions_manager.cc, availability_preserving_policy.cc.
    """

    def __init__(
        self,
        name: str,
        load: LoadVersion,
        served: ServedVersions,
        states: VersionStates,
        retry: RetryOptions,
        loading: threading.Semaphore,
    ) -> None:
        self._name, self._load = name, load
        self._served, self._states = served, states
        self._retry, self._loading = retry, loading
        self._lock = threading.RLock()
        self._aspired: dict[int, str] = {}
        self._versions: dict[int, _Version] = {}

    def aspire(self, versions: Mapping[int, str]) -> None:
        """Set the versions that ought to be served; returns at once, threads do the rest.

        Args:
            versions: version -> path of its directory; empty unloads them all.
        """
        with self._lock:
            self._aspired = dict(versions)
            self._reconcile()

    def settled(self) -> bool:
        """Whether nothing is being loaded or unloaded, nor about to be."""
        moving = (State.START, State.LOADING, State.UNLOADING)
        with self._lock:
            return not any(version.state in moving for version in self._versions.values())

    def _reconcile(self) -> None:
        for number, version in list(self._versions.items()):
            version.aspired = self._aspired.get(number) == version.path
            if not version.aspired:
                version.cancelled.set()
                if version.failed:  # its end is published; aspired again it gets a new chance
                    del self._versions[number]
        for number, path in self._aspired.items():
            if number not in self._versions:
                self._versions[number] = _Version(path)
                self._states.publish(self._name, number, State.START)
        self._unload_what_may_go()
        for number in sorted(self._versions, reverse=True):
            version = self._versions[number]
            if version.state is State.START:
                self._enter(number, version, State.LOADING)
                self._start(self._bring_up, number, version)

    def _unload_what_may_go(self) -> None:
        available = {
            number: version
            for number, version in self._versions.items()
            if version.state is State.AVAILABLE
        }
        replaced = any(version.aspired for version in available.values())
        for number, version in available.items():
            if not version.aspired and (replaced or not self._aspired):
                servable = self._served.withdraw(self._name, number)
                self._enter(number, version, State.UNLOADING)
                self._start(self._take_down, number, version, servable)

    def _bring_up(self, number: int, version: _Version) -> None:
        servable = self._load_with_retries(number, version)
        with self._lock:
            if isinstance(servable, StatusError):
                version.failed = True
                self._enter(number, version, State.END, servable)
            else:
                self._served.add(servable)
                self._enter(number, version, State.AVAILABLE)
                _log.info("Successfully loaded servable version %s", self._id(number))
            self._reconcile()

    def _load_with_retries(self, number: int, version: _Version) -> Servable | StatusError:
        attempts_left = self._retry.retries
        while True:
            try:
                with self._loading:
                    return self._load(self._name, number, version.path)
            except StatusError as error:
                failure = error
            except Exception as error:  # a bug of ours must not leave the version loading for ever
                _log.exception("Loading %s failed unexpectedly", self._id(number))
                failure = unknown(f"loading {version.path} failed: {error!r}")
            _log.warning("Loading servable: %s failed: %s", self._id(number), failure)
            if not attempts_left or version.cancelled.wait(self._retry.interval):
                return failure
            attempts_left -= 1

    def _take_down(self, number: int, version: _Version, servable: Servable) -> None:
        _log.info("Quiescing servable version %s", self._id(number))
        self._served.wait_until_idle(self._name, number)
        servable.session.close()
        with self._lock:
            del self._versions[number]
            self._enter(number, version, State.END)
            _log.info("Done unloading servable version %s", self._id(number))
            self._reconcile()

    def _enter(
        self, number: int, version: _Version, state: State, error: StatusError | None = None
    ) -> None:
        version.state = state
        self._states.publish(self._name, number, state, error)

    def _start(self, work: Callable[..., None], number: int, *arguments: Any) -> None:
        # A daemon: a load that hangs must not keep the process from ending.
        name = f"{work.__name__.strip('_')}-{self._name}-{number}"
        threading.Thread(target=work, args=(number, *arguments), name=name, daemon=True).start()

    def _id(self, number: int) -> str:
        return f"{{name: {self._name} version: {number}}}"
