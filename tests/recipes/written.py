"""What a writer of small raw files knows of them, and what its writers share."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

PARTS = ["train"] * 64 + ["valid"] * 16 + ["test"] * 16
"""Parts of the impressions: two batches of 32 to train on."""


@dataclass
class Written:
    """The impressions of a log, one by one, as its writer made them.

    Attributes:
        parts: of each impression, train, valid or test.
        users: of each impression; empty for a log without users.
        labels: of each impression and task: whether it is positive, None where it has no label.
        misses: of each joined source, impressions whose key it does not have.
        events: of each other log of behaviours, its rows by users of the log.
    """

    parts: list[str] = field(default_factory=list)
    users: list[object] = field(default_factory=list)
    labels: list[dict[str, bool | None]] = field(default_factory=list)
    misses: dict[str, int] = field(default_factory=dict)
    events: dict[str, int] = field(default_factory=dict)

    def add(self, part: str, user: object = None, **labels: bool | None) -> None:
        """One more impression."""
        self.parts.append(part)
        self.labels.append(labels)
        if user is not None:
            self.users.append(user)


def moments(random: Random, timezone: str = "UTC", **days: str) -> list[tuple[str, datetime]]:
    """A part and a time of its days for every impression, in no order.

    Args:
        random: draws the times.
        timezone: whose days they are.
        days: of each part, the first and the last day, as in train="2024-01-01 2024-01-09".
    """
    found = []
    for part in PARTS:
        first, last = (
            datetime.fromisoformat(day).replace(tzinfo=ZoneInfo(timezone))
            for day in days[part].split()
        )
        seconds = int((last + timedelta(days=1) - first).total_seconds())
        found.append((part, first + timedelta(seconds=random.randrange(seconds))))
    random.shuffle(found)
    return found


def write_lines(path: Path, lines: Iterable[str], encoding: str = "utf-8") -> None:
    """Write a file of text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(f"{line}\n" for line in lines).encode(encoding))


def joined(separator: str, *values: Any) -> str:
    """A line of a file; None is an empty value."""
    return separator.join("" if value is None else str(value) for value in values)
