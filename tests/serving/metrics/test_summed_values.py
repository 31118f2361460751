"""Metrics of several processes."""

from serving.metrics.prometheus_page import prometheus_page
from serving.metrics.registry import Registry
from serving.metrics.summed_values import summed_values


def make_registry(counts: dict[str, int], sizes: dict[str, list[float]]) -> Registry:
    registry = Registry()
    counter = registry.counter("/count", "Counted.", ["model"])
    histogram = registry.histogram("/size", "Measured.", ["model"], [1, 10])
    for model, count in counts.items():
        counter.increment(model, amount=count)
    for model, values in sizes.items():
        for value in values:
            histogram.observe(value, model)
    return registry


def test_the_sum_is_what_one_process_would_have_counted() -> None:
    first = make_registry({"b": 3, "a": 1}, {"b": [0.5, 5.0]})
    second = make_registry({"a": 2}, {"a": [20.0], "b": [5.0, 50.0]})
    idle = make_registry({}, {})
    one = make_registry({"a": 3, "b": 3}, {"a": [20.0], "b": [0.5, 5.0, 5.0, 50.0]})
    summed = summed_values([first.values(), second.values(), idle.values()])
    assert summed == one.values()
    assert [list(cells) for cells in summed.values()] == [[("a",), ("b",)], [("a",), ("b",)]]
    assert prometheus_page(idle, summed) == prometheus_page(one)


def test_adding_changes_no_process_s_own_values() -> None:
    first, second = make_registry({"a": 1}, {"a": [2.0]}), make_registry({"a": 1}, {"a": [2.0]})
    values = first.values()
    summed_values([values, second.values()])
    assert values == first.values() == second.values()
