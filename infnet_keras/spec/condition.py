"""Comparisons joined by and, or, not: the language of `when` and `mask`. Parsed, never evaluated as code."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Mask = npt.NDArray[np.bool_]
_TOKEN = re.compile(
    r"\s*(?:(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<operator>==|!=|<=|>=|<|>)|(?P<paren>[()])|(?P<word>[A-Za-z_]\w*))"
)


class ConditionError(ValueError):
    """The text of a condition is not of its language."""


@dataclass(frozen=True)
class Condition:
    """A parsed condition over the columns of an event.

    Example:
        >>> Condition.parse("is_click == 1 and not (tab == 'home')").columns
        ('is_click', 'tab')
    """

    text: str
    tree: tuple[Any, ...]

    @classmethod
    def parse(cls, text: str) -> "Condition":
        """Parse `column operator value`, joined by and, or, not and parentheses.

        Values are numbers, quoted strings, true or false; operators ==, !=, <, <=, >, >=.

        Raises:
            ConditionError: the text is not a condition; the message says where.
        """
        return cls(text, _Parser(text).parse())

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads, in order of first use."""
        return tuple(dict.fromkeys(_columns(self.tree)))

    def evaluate(self, columns: Mapping[str, npt.NDArray[Any]]) -> Mask:
        """Rows for which the condition holds.

        Args:
            columns: arrays of equal length, by name; numbers, or strings (dtype object), where a
                missing value is NaN or None. A comparison with a missing value does not hold.

        Returns:
            Boolean array of that length.
        """
        return _evaluate(self.tree, columns)
