"""How many values of a table could not be read, and where the first one stands."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from infnet_keras.errors import DataError


class Unread(NamedTuple):
    """What could not be read of one input: how many values, and a clause on the first of them."""

    values: int
    first: str


@dataclass
class UnreadableCells:
    """Values that are given and cannot be read; they are scored as missing ones.

    Args:
        refused: whether one ends the scoring instead.
        found: of each input.
    """

    refused: bool = False
    found: dict[str, Unread] = field(default_factory=dict)

    def add(self, name: str, count: int, first: str) -> None:
        """Note some values.

        Args:
            name: of the input, as the spec has it.
            count: how many.
            first: one of them, and where it stands or what was expected.

        Raises:
            DataError: they are refused.
        """
        if not count:
            return
        if self.refused:
            raise DataError(f"{name!r} cannot be read: {first}; correct the table")
        known = self.found.get(name, Unread(0, first))
        self.found[name] = Unread(known.values + count, known.first)

    def merge(self, found: Mapping[str, Unread]) -> None:
        """Add what was found in other files."""
        for name, unread in found.items():
            self.add(name, *unread)

    def lines(self) -> Iterator[str]:
        """A sentence for each input that has any."""
        for name, (count, first) in self.found.items():
            values = "1 value" if count == 1 else f"{count:,} values"
            yield f"{name}: {values} could not be read and counted as missing, such as {first}"
