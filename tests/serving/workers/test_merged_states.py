"""What several workers together say of a version."""

import itertools

import pytest

from serving.lifecycle.version_states import State, VersionState
from serving.status import not_found
from serving.workers.merged_states import merged_states

S, L, A, U, E = (State[n] for n in ("START", "LOADING", "AVAILABLE", "UNLOADING", "END"))


@pytest.mark.parametrize(
    ("workers", "merged"),
    [
        ([A, A, A], A),
        ([A, L, A], L),
        ([A, S], L),
        ([S, S], S),
        ([S, None], S),
        ([A, None], L),
        ([U, A], U),
        ([E, A], U),
        ([E, U], U),
        ([E, E], E),
        ([E, None], E),
        ([E, L], U),
    ],
)
def test_a_state_is_reached_once_every_worker_has(workers: list, merged: State) -> None:
    states = [{} if state is None else {3: VersionState(state)} for state in workers]
    for order in itertools.permutations(states):
        assert merged_states(order) == {3: VersionState(merged)}


def test_one_worker_speaks_for_itself() -> None:
    states = {2: VersionState(A), 1: VersionState(E)}
    assert merged_states([states]) == states


def test_an_error_of_any_worker_is_the_version_s() -> None:
    failed = VersionState(E, not_found("no such file"))
    assert merged_states([{1: VersionState(A)}, {1: failed}]) == {1: failed}


def test_versions_come_highest_first() -> None:
    merged = merged_states([{1: VersionState(A), 9: VersionState(A)}, {10: VersionState(L)}])
    assert list(merged) == [10, 9, 1]


def test_no_state_of_an_unknown_model() -> None:
    assert merged_states([{}, {}]) == {}
