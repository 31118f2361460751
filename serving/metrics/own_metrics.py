"""Metrics that TensorFlow Serving does not have; beside its own, under names of the same form."""

from serving.metrics.registry import REGISTRY

UNREADABLE_VALUES = REGISTRY.counter(
    "/tensorflow/serving/unreadable_values",
    "Values that were given and read as missing: dates, times, numbers in text of another format.",
    ["model_name", "input"],
)
