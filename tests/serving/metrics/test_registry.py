"""The set of all metrics."""

import pytest

from serving.metrics.registry import Registry


def test_metrics_are_listed_in_the_order_of_their_names() -> None:
    registry = Registry()
    made = [registry.counter("/b", "B."), registry.histogram("/a", "A.", [], [1])]
    assert registry.metrics() == [made[1], made[0]]


def test_a_name_belongs_to_one_metric() -> None:
    registry = Registry()
    registry.counter("/a", "A.")
    with pytest.raises(ValueError, match="there is a metric /a already"):
        registry.histogram("/a", "A.", [], [1])
