"""Small logs on disk, and specs that read them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.spec import FeatureSpec, spec_from_dict

Content = dict[str, Any]


def log_content() -> Content:
    """A spec with one log, as plain data: two fields, two behaviours, one task."""
    return {
        "name": "small",
        "sources": {"log": {"files": "log.csv", "time": {"column": "time", "unit": "ms"}}},
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"vocabulary": {}}},
        "fields": {
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
        },
        "sequences": {
            "view": {"length": 3, "attributes": {"item": "item"}},
            "click": {"when": "clicked == 1", "length": 2, "attributes": {"item": "item"}},
        },
        "tasks": {"click": {"label": "clicked"}},
    }


@pytest.fixture
def content() -> Content:
    return log_content()


@pytest.fixture
def spec(content: Content) -> FeatureSpec:
    return spec_from_dict(content)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write raw files, given by name, into a directory of their own; returns the directory."""

    def write_files(**files: str) -> Path:
        raw = tmp_path / "raw"
        raw.mkdir(exist_ok=True)
        for name, text in files.items():
            (raw / f"{name}.csv").write_text(text, "utf-8")
        return raw

    return write_files


@pytest.fixture
def split() -> tuple[str, str]:
    """Of a log whose days are 1970-01-01 (training), 01-02 and 01-03."""
    return "1970-01-02", "1970-01-03"


@pytest.fixture
def three_days() -> str:
    """A log of four users with one impression on each of these days."""
    day = 86_400_000
    return "user,item,time,clicked\n" + "".join(
        f"{user},{10 * number + user},{day * number + 1000 * user},{(number + user) % 2}\n"
        for number in range(3)
        for user in range(4)
    )
