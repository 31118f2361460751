"""Workers ask each other."""

import multiprocessing
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from serving.status import Code, StatusError, not_found
from serving.workers.peers import Peers, Place


@pytest.fixture
def peers(tmp_path: Path) -> list[Peers]:
    context = multiprocessing.get_context("fork")
    addresses = tuple(str(tmp_path / str(index)) for index in range(3))
    loaded, turn = context.Barrier(3), context.Lock()
    return [Peers(Place(index, addresses, loaded, turn)) for index in range(3)]


def test_every_other_worker_answers_in_its_place(peers: list[Peers]) -> None:
    for index, each in enumerate(peers):
        each.answer({"times": lambda number, index=index: (index, 10 * number)})
    assert peers[1].ask("times", 4) == [(0, 40), (2, 40)]


def test_questions_are_answered_side_by_side(peers: list[Peers]) -> None:
    meeting = threading.Barrier(2)
    for each in peers:
        each.answer({"meet": lambda: meeting.wait(20) >= 0})
    assert peers[0].ask("meet") == [True, True]


def refuse() -> None:
    raise not_found("no such model")


def break_down() -> None:
    raise KeyError("bug")


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (refuse, Code.NOT_FOUND, "no such model"),
        (break_down, Code.INTERNAL, "Internal error: KeyError"),
    ],
)
def test_an_error_comes_back(
    peers: list[Peers], answer: Callable[[], None], code: Code, message: str
) -> None:
    for each in peers:
        each.answer({"question": answer})
    with pytest.raises(StatusError) as raised:
        peers[0].ask("question")
    assert (raised.value.code, raised.value.message) == (code, message)


def test_a_worker_that_is_gone(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    addresses = (str(tmp_path / "here"), str(tmp_path / "gone"))
    peers = Peers(Place(0, addresses, context.Barrier(2), context.Lock()))
    with pytest.raises(StatusError, match="does not answer") as raised:
        peers.ask("question")
    assert raised.value.code is Code.UNAVAILABLE


def test_one_at_a_time_has_the_turn(peers: list[Peers]) -> None:
    with peers[0].turn(None):
        with (
            pytest.raises(StatusError, match="another configuration") as raised,
            peers[1].turn(time.monotonic() + 0.05),
        ):
            pytest.fail("two had the turn")
        assert raised.value.code is Code.DEADLINE_EXCEEDED
    with peers[1].turn(time.monotonic()):
        pass
