"""Large requests wait for each other, and leave nothing behind."""

import gc
import threading
import weakref

import pytest

from serving.large_requests import LARGE_REQUESTS


class Parsed(list[int]):
    """What a request was parsed to."""


def test_one_at_a_time_in_one_thread() -> None:
    threads = [LARGE_REQUESTS.submit(threading.get_ident) for _ in range(20)]
    assert len({future.result() for future in threads}) == 1


def test_garbage_is_collected_again_afterwards() -> None:
    assert not LARGE_REQUESTS.submit(gc.isenabled).result()
    assert gc.isenabled()
    with pytest.raises(ZeroDivisionError):
        LARGE_REQUESTS.submit(divmod, 1, 0).result()
    assert gc.isenabled()


def test_an_error_does_not_keep_what_the_request_was_parsed_to() -> None:
    kept: list[weakref.ref[Parsed]] = []

    def parse() -> None:
        parsed = Parsed()
        kept.append(weakref.ref(parsed))
        try:
            parsed[0]
        except IndexError as error:
            raise ValueError("wrong") from error

    with pytest.raises(ValueError, match="wrong") as raised:
        LARGE_REQUESTS.submit(parse).result()
    assert isinstance(raised.value.__cause__, IndexError)
    assert kept[0]() is None
