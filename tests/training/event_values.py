"""What TensorFlow's own reader finds in the event files of a directory."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


def event_values(directory: Path) -> list[tuple[int, dict[str, float]]]:
    """(step, tag -> value) of every record but those without values, file by file."""
    return [
        (event.step, {value.tag: value.simple_value for value in event.summary.value})
        for event in _events(directory)
        if event.summary.value
    ]


def wall_times(directory: Path) -> list[float]:
    """When each record was written."""
    return [event.wall_time for event in _events(directory)]


def _events(directory: Path) -> Iterator[Any]:
    tensorflow = pytest.importorskip("tensorflow")
    for path in sorted(directory.iterdir()):  # TensorBoard reads every name that holds tfevents
        yield from tensorflow.compat.v1.train.summary_iterator(str(path))
