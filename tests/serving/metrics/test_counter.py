"""Counting."""

import threading

import pytest

from serving.metrics.counter import Counter


def test_each_combination_of_labels_has_a_number() -> None:
    counter = Counter("/requests", "Requests.", ["model", "status"])
    assert counter.values() == {}
    counter.increment("b", "OK")
    counter.increment("a", "OK", amount=5)
    counter.increment("b", "OK")
    assert list(counter.values().items()) == [(("a", "OK"), 5), (("b", "OK"), 2)]


def test_labels_may_be_none_at_all() -> None:
    counter = Counter("/runs", "Runs.")
    counter.increment()
    assert counter.values() == {(): 1}


@pytest.mark.parametrize("labels", [(), ("half",), ("half", "OK", "more")])
def test_a_wrong_number_of_labels_is_an_error(labels: tuple[str, ...]) -> None:
    counter = Counter("/requests", "Requests.", ["model", "status"])
    with pytest.raises(ValueError, match="/requests has the labels"):
        counter.increment(*labels)
    assert counter.values() == {}


def test_a_counter_does_not_shrink() -> None:
    with pytest.raises(ValueError, match="cannot shrink by 1"):
        Counter("/runs", "Runs.").increment(amount=-1)


def test_no_increment_of_any_thread_is_lost() -> None:
    counter = Counter("/requests", "Requests.", ["model"])

    def count(number: int) -> None:
        for _ in range(2000):
            counter.increment(str(number % 2))

    threads = [threading.Thread(target=count, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.values() == {("0",): 8000, ("1",): 8000}
