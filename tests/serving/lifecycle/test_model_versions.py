"""Loading, swapping and unloading the versions of one model."""

import threading
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from serving.lifecycle.model_versions import ModelVersions, RetryOptions
from serving.lifecycle.served_versions import ServedVersions
from serving.lifecycle.version_states import State, VersionStates
from serving.saved_model.servable import Servable
from serving.saved_model.session import Array
from serving.status import Code, StatusError, not_found

PATIENCE = 20.0


class NumberSession:
    """A session that answers with one number."""

    def __init__(self, number: int) -> None:
        self.number, self.closed = number, threading.Event()

    def run(
        self, feeds: Mapping[str, Array], fetches: Sequence[str], deadline: float | None = None
    ) -> list[Array]:
        assert not self.closed.is_set(), "run after close"
        return [np.array(self.number)]

    def close(self) -> None:
        self.closed.set()


class Loads:
    """Loads versions when told to, or fails as often as told."""

    def __init__(self) -> None:
        self.sessions: dict[int, NumberSession] = {}
        self.attempts: list[int] = []
        self.failures: dict[int, int] = {}
        self.gates: dict[int, threading.Event] = {}

    def __call__(self, name: str, version: int, path: str) -> Servable:
        self.attempts.append(version)
        if version in self.gates:
            assert self.gates[version].wait(PATIENCE)
        if self.failures.get(version, 0):
            self.failures[version] -= 1
            raise not_found(f"nothing at {path}")
        self.sessions[version] = NumberSession(version)
        return Servable(name, version, path, {}, self.sessions[version])


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def states() -> VersionStates:
    return VersionStates()


@pytest.fixture
def served() -> ServedVersions:
    return ServedVersions()


@pytest.fixture
def versions(loads: Loads, states: VersionStates, served: ServedVersions) -> ModelVersions:
    retry = RetryOptions(retries=2, interval=0.0)
    return ModelVersions("m", loads, served, states, retry, threading.Semaphore(1))


@pytest.fixture
def until(states: VersionStates) -> Callable[[dict[int, State]], None]:
    """Waits until the states of the model are these."""

    def wait(expected: dict[int, State]) -> None:
        def reached() -> bool:
            found = {version: state.state for version, state in states.of_model("m").items()}
            return found == expected

        assert states.wait_until(reached, deadline()), states.of_model("m")

    return wait


def deadline() -> float:
    import time

    return time.monotonic() + PATIENCE


def latest(served: ServedVersions) -> int:
    with served.acquire("m", None) as servable:
        return servable.version


def test_the_new_version_is_served_before_the_old_one_goes(
    versions: ModelVersions, loads: Loads, served: ServedVersions, until: Callable[..., None]
) -> None:
    versions.aspire({1: "a/1"})
    until({1: State.AVAILABLE})
    loads.gates[2] = threading.Event()
    versions.aspire({2: "a/2"})
    until({1: State.AVAILABLE, 2: State.LOADING})
    assert latest(served) == 1
    loads.gates[2].set()
    until({1: State.END, 2: State.AVAILABLE})
    assert latest(served) == 2
    assert loads.sessions[1].closed.is_set()


def test_a_version_is_unloaded_only_when_its_last_request_is_done(
    versions: ModelVersions, loads: Loads, served: ServedVersions, until: Callable[..., None]
) -> None:
    versions.aspire({1: "a/1"})
    until({1: State.AVAILABLE})
    with served.acquire("m", None) as held:
        versions.aspire({2: "a/2"})
        until({1: State.UNLOADING, 2: State.AVAILABLE})
        assert latest(served) == 2
        with pytest.raises(StatusError, match=r"Specific\(m, 1\)"):
            served.acquire("m", 1).__enter__()
        assert held.session.run({}, ["x"])[0] == 1
        assert not loads.sessions[1].closed.is_set()
    until({1: State.END, 2: State.AVAILABLE})


def test_a_version_that_fails_ends_with_its_error_and_the_old_one_stays(
    versions: ModelVersions,
    loads: Loads,
    served: ServedVersions,
    states: VersionStates,
    until: Callable[..., None],
) -> None:
    versions.aspire({1: "a/1"})
    until({1: State.AVAILABLE})
    loads.failures[2] = 99
    versions.aspire({2: "a/2"})
    until({1: State.AVAILABLE, 2: State.END})
    error = states.of_model("m")[2].error
    assert error is not None
    assert (error.code, error.message) == (Code.NOT_FOUND, "nothing at a/2")
    assert loads.attempts == [1, 2, 2, 2]  # two retries
    versions.aspire({2: "a/2"})  # aspired still: no further attempt
    assert latest(served) == 1
    versions.aspire({3: "a/3"})
    until({1: State.END, 2: State.END, 3: State.AVAILABLE})
    assert loads.attempts == [1, 2, 2, 2, 3]


def test_a_load_that_fails_once_is_tried_again(
    versions: ModelVersions, loads: Loads, until: Callable[..., None]
) -> None:
    loads.failures[1] = 2
    versions.aspire({1: "a/1"})
    until({1: State.AVAILABLE})
    assert loads.attempts == [1, 1, 1]


def test_a_failed_version_gets_a_new_chance_once_it_was_gone(
    versions: ModelVersions, loads: Loads, until: Callable[..., None]
) -> None:
    loads.failures[1] = 3
    versions.aspire({1: "a/1"})
    until({1: State.END})
    versions.aspire({})
    versions.aspire({1: "a/1"})
    until({1: State.AVAILABLE})


def test_waiting_for_a_retry_ends_when_the_version_is_no_longer_wanted(
    loads: Loads, states: VersionStates, served: ServedVersions, until: Callable[..., None]
) -> None:
    retry = RetryOptions(retries=5, interval=3600.0)
    versions = ModelVersions("m", loads, served, states, retry, threading.Semaphore(1))
    loads.failures[1] = 99
    versions.aspire({1: "a/1"})
    until({1: State.LOADING})
    versions.aspire({2: "a/2"})
    until({1: State.END, 2: State.AVAILABLE})


def test_nothing_aspired_unloads_everything(
    versions: ModelVersions, served: ServedVersions, until: Callable[..., None]
) -> None:
    versions.aspire({1: "a/1", 2: "a/2"})
    until({1: State.AVAILABLE, 2: State.AVAILABLE})
    versions.aspire({})
    until({1: State.END, 2: State.END})
    with pytest.raises(StatusError, match=r"Latest\(m\)"):
        served.acquire("m", None).__enter__()


def test_a_version_that_comes_back_while_it_unloads_is_loaded_anew(
    versions: ModelVersions, loads: Loads, served: ServedVersions, until: Callable[..., None]
) -> None:
    versions.aspire({1: "a/1"})
    until({1: State.AVAILABLE})
    with served.acquire("m", 1):
        versions.aspire({})
        until({1: State.UNLOADING})
        versions.aspire({1: "a/1"})
    until({1: State.AVAILABLE})
    assert loads.attempts == [1, 1]


def test_an_unexpected_exception_ends_the_version_not_the_server(
    states: VersionStates, served: ServedVersions, until: Callable[..., None]
) -> None:
    def broken(name: str, version: int, path: str) -> Servable:
        raise ZeroDivisionError("no way")

    retry = RetryOptions(retries=0, interval=0.0)
    ModelVersions("m", broken, served, states, retry, threading.Semaphore(1)).aspire({1: "a/1"})
    until({1: State.END})
    error = states.of_model("m")[1].error
    assert error is not None
    assert "no way" in error.message
