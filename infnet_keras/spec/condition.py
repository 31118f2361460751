"""Comparisons joined by and, or, not: the language of `when` and `mask`. Never run as code."""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from infnet_keras.spec.nearest import nearest

Mask = npt.NDArray[np.bool_]
Tree = tuple[Any, ...]  # ("compare", column, operator, value) | ("not", x) | ("and" | "or", x, y)

_TOKEN = re.compile(
    r"(?P<number>-?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<text>'[^']*'|\"[^\"]*\")"
    r"|(?P<operator>==|!=|<=|>=|<|>)|(?P<paren>[()])|(?P<word>[A-Za-z_]\w*)"
)
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_KEYWORDS = ("and", "or", "not", "true", "false")


class ConditionError(ValueError):
    """A text is not a condition, or a condition does not fit its columns."""


@dataclass(frozen=True)
class Condition:
    """A parsed condition over the columns of an event.

    Example:
        >>> Condition.parse("is_click == 1 and not (tab == 'home')").columns
        ('is_click', 'tab')
    """

    text: str
    tree: Tree

    @classmethod
    def parse(cls, text: str) -> Condition:
        """Parse `column operator value`, joined by and, or, not and parentheses.

        Values are numbers, quoted strings, true or false; operators ==, !=, <, <=, >, >=. `not`
        binds tighter than `and`, `and` tighter than `or`.

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
                missing value is NaN or None. A comparison with a missing value does not hold,
                whatever its operator, so the `not` of it does.

        Returns:
            Boolean array of that length.

        Raises:
            ConditionError: a column is not there, or strings would be compared with a number or
                numbers with a string.
        """
        return _evaluate(self.tree, columns)


class _Parser:
    """Recursive descent: or over and over not over comparisons and parentheses."""

    def __init__(self, text: str):
        self._text = text
        self._tokens: list[tuple[str, str, int]] = []  # kind, text, position from 1
        at = 0
        while at < len(text):
            if text[at].isspace():
                at += 1
                continue
            match = _TOKEN.match(text, at)
            if match is None:
                self._fail(*self._unreadable(at))
            kind = str(match.lastgroup)
            word = match.group()
            self._tokens.append((word if word in _KEYWORDS else kind, word, at + 1))
            at = match.end()
        self._tokens.append(("end", "", len(text) + 1))
        self._next = 0

    def parse(self) -> Tree:
        tree = self._either()
        if self._kind != "end":
            self._fail_here("`and`, `or` or the end")
        return tree

    @property
    def _kind(self) -> str:
        return self._tokens[self._next][0]

    def _take(self) -> str:
        self._next += 1
        return self._tokens[self._next - 1][1]

    def _either(self) -> Tree:
        tree = self._both()
        while self._kind == "or":
            self._take()
            tree = ("or", tree, self._both())
        return tree

    def _both(self) -> Tree:
        tree = self._negated()
        while self._kind == "and":
            self._take()
            tree = ("and", tree, self._negated())
        return tree

    def _negated(self) -> Tree:
        if self._kind == "not":
            self._take()
            return ("not", self._negated())
        if self._tokens[self._next][1] == "(":
            self._take()
            tree = self._either()
            if self._tokens[self._next][1] != ")":
                self._fail_here("`)`")
            self._take()
            return tree
        return self._comparison()

    def _comparison(self) -> Tree:
        if self._kind != "word":
            self._fail_here("a column name")
        column = self._take()
        if self._kind != "operator":
            self._fail_here(f"a comparison after {column!r} (==, !=, <, <=, >, >=)")
        comparison = self._take()
        if self._kind not in ("number", "text", "true", "false"):
            self._fail_here("a number, a quoted string, true or false")
        return ("compare", column, comparison, _value(self._kind, self._take()))

    def _unreadable(self, at: int) -> tuple[str, int]:
        symbol = self._text[at]
        if symbol == "=":
            return "'=' is not an operator: compare with ==", at + 1
        if symbol in "'\"":
            return f"the string that starts with {symbol} does not end", at + 1
        hint = {"&": ": write `and`", "|": ": write `or`", "!": ": write `not`"}.get(symbol, "")
        return f"{symbol!r} is not part of a condition{hint}", at + 1

    def _fail_here(self, expected: str) -> NoReturn:
        _, found, position = self._tokens[self._next]
        said = f"found {found!r}" if found else "the condition ends"
        self._fail(f"expected {expected}, {said}", position)

    def _fail(self, problem: str, position: int) -> NoReturn:
        raise ConditionError(f"{problem} (character {position} of {self._text!r})")


def _value(kind: str, text: str) -> int | float | str:
    if kind == "text":
        return text[1:-1]
    if kind == "number":
        return int(text) if text.lstrip("-").isdigit() else float(text)
    return int(kind == "true")


def _columns(tree: Tree) -> Iterator[str]:
    if tree[0] == "compare":
        yield tree[1]
    else:
        for part in tree[1:]:
            yield from _columns(part)


def _evaluate(tree: Tree, columns: Mapping[str, npt.NDArray[Any]]) -> Mask:
    if tree[0] == "compare":
        return _compare(tree[1], tree[2], tree[3], columns)
    parts = [_evaluate(part, columns) for part in tree[1:]]
    if tree[0] == "not":
        return ~parts[0]
    return parts[0] & parts[1] if tree[0] == "and" else parts[0] | parts[1]


def _compare(
    column: str, comparison: str, value: Any, columns: Mapping[str, npt.NDArray[Any]]
) -> Mask:
    if column not in columns:
        raise ConditionError(f"there is no column {column!r}; {nearest(column, columns)}")
    values = np.asarray(columns[column])
    present: Mask
    if values.dtype.kind == "O":
        # A missing value is None, or NaN: the one value that differs from itself.
        present = np.fromiter((v is not None and v == v for v in values), bool, len(values))
        strings = any(isinstance(v, str) for v in values[present])
    else:
        strings = values.dtype.kind in "UT"
        present = ~np.isnan(values) if values.dtype.kind == "f" else np.ones(len(values), bool)
    if present.any() and strings != isinstance(value, str):
        held, needed = ("strings", "a quoted string") if strings else ("numbers", "a number")
        raise ConditionError(
            f"column {column!r} holds {held}: compare it with {needed}, not with {value!r}"
        )
    holds = np.zeros(len(values), bool)
    holds[present] = _OPERATORS[comparison](values[present], value)
    return holds
