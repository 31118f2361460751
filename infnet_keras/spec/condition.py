"""Comparisons joined by and, or, not, as in `when`, `mask` and `label`. Never run as code."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from infnet_keras.spec.nearest import nearest

Mask = npt.NDArray[np.bool_]
Tree = tuple[Any, ...]  # ("compare", column, operator, value) | ("not", x) | ("and" | "or", x, y)

_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?", re.ASCII)
_TOKEN = re.compile(
    rf"(?P<number>{_NUMBER.pattern})"
    r"|(?P<text>'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\")"
    r"|(?P<operator>==|!=|<=|>=|<|>)|(?P<paren>[()])"
    r"|(?P<word>[A-Za-z_]\w*)|(?P<quoted>`(?:[^`]|``)+`)"
)
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MOST_DIGITS = 40
TRUTHS = {"true": True, "false": False, "1": True, "0": False}
"""What a text that is true or false looks like, in lower case."""
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
        binds tighter than `and`, `and` tighter than `or`. A column whose name is more than ASCII
        letters, digits and underscores stands in backticks, as does one called like a keyword. A
        quote or backtick inside its own kind is written twice.

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
            columns: arrays of equal length, by name: numbers or strings (dtype object). Missing
                values are masked (NumPy's masked arrays), NaN or None. A comparison with one does
                not hold, whatever its operator, so the `not` of it does. Numbers are compared
                exactly, whatever their size; so are those that stand as text, where true is 1 and
                false is 0.

        Returns:
            Boolean array of that length.

        Raises:
            ConditionError: a column is not there, a text that is no number would be compared with
                one, or numbers with a string.
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
        if self._kind not in ("word", "quoted"):
            self._fail_here("a column name")
        column = self._take()
        if column.startswith("`"):
            column = column[1:-1].replace("``", "`")
        if self._kind != "operator":
            self._fail_here(f"a comparison after {column!r} (==, !=, <, <=, >, >=)")
        comparison = self._take()
        if self._kind not in ("number", "text", "true", "false"):
            self._fail_here("a number, a quoted string, true or false")
        position = self._tokens[self._next][2]
        value = _value(self._kind, self._take())
        if value == "" and comparison != "!=":
            self._fail(
                f"an empty text is a missing value, and no comparison with one holds: write "
                f'`not ({column} != "")`',
                position,
            )
        return ("compare", column, comparison, value)

    def _unreadable(self, at: int) -> tuple[str, int]:
        symbol = self._text[at]
        if symbol == "=":
            return "'=' is not an operator: compare with ==", at + 1
        if symbol in "'\"":
            return f"the string that starts with {symbol} does not end", at + 1
        if symbol == "`":
            return "the column name that starts with ` does not end", at + 1
        hint = {"&": ": write `and`", "|": ": write `or`", "!": ": write `not`"}.get(symbol, "")
        if not symbol.isascii() or symbol in ".:-#@$/[]{}":
            hint = ": quote a column's name in backticks, as in `click:float` == 1"
        return f"{symbol!r} is not part of a condition{hint}", at + 1

    def _fail_here(self, expected: str) -> NoReturn:
        _, found, position = self._tokens[self._next]
        said = f"found {found!r}" if found else "the condition ends"
        self._fail(f"expected {expected}, {said}", position)

    def _fail(self, problem: str, position: int) -> NoReturn:
        raise ConditionError(f"{problem} (character {position} of {self._text!r})")


def _value(kind: str, text: str) -> int | float | str | bool:
    if kind == "text":
        return text[1:-1].replace(text[0] * 2, text[0])
    if kind != "number":
        return kind == "true"
    exact = Decimal(text)
    # Whole in any spelling, save one of so many digits that every integer is on one side of it.
    whole = exact.adjusted() < _MOST_DIGITS and exact == exact.to_integral_value()
    return int(exact) if whole else float(text)


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
    values = columns[column]
    present = ~np.ma.getmaskarray(values)
    values = np.ma.getdata(values)
    if values.dtype.kind == "O":
        # A missing value is None, or NaN: the one value that differs from itself.
        present &= np.fromiter((v is not None and v == v for v in values), bool, len(values))
    elif values.dtype.kind == "f":
        present &= ~np.isnan(values)
    known = values[present]
    is_text = known.dtype.kind in "UT"
    if known.dtype.kind == "O":
        is_text = any(isinstance(v, str) for v in known)
    if isinstance(value, bool):
        known = _truths(column, known, is_text)
    elif is_text and not isinstance(value, str):
        known = _numbers(column, known, value)
    elif len(known) and not is_text and isinstance(value, str):
        raise ConditionError(
            f"column {column!r} holds numbers ({known[0]} for one): compare it with a number, not "
            f"with {value!r}"
        )
    holds = np.zeros(len(present), bool)
    holds[present] = _compared(known, comparison, value)
    return holds


def _compared(known: npt.NDArray[Any], comparison: str, value: Any) -> Any:
    if known.dtype.kind in "iu" and isinstance(value, float):
        # No integer equals a fraction; NumPy would round both to floats.
        if comparison in ("==", "!="):
            return np.full(len(known), comparison == "!=")
        if math.isinf(value):
            return np.full(len(known), (value > 0) == (comparison in ("<", "<=")))
        value = math.floor(value)
        comparison = "<=" if comparison in ("<", "<=") else ">"
    if known.dtype.kind == "f" and isinstance(value, int):
        known = known.astype(np.float64, copy=False)
        nearest_float = _nearest_float(value)
        if nearest_float != value:  # no float equals the number: the next one decides
            if comparison in ("==", "!="):
                return np.full(len(known), comparison == "!=")
            below = nearest_float < value
            comparison = ("<=" if below else "<") if "<" in comparison else (">" if below else ">=")
        value = nearest_float
    return _OPERATORS[comparison](known, value)


def _nearest_float(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.copysign(math.inf, value)


def _truths(column: str, known: npt.NDArray[Any], is_text: bool) -> npt.NDArray[np.bool_]:
    """Numbers or text that spell true and false."""
    if not is_text:
        truths, wrong = known == 1, (known != 0) & (known != 1)
        if not wrong.any():
            return np.asarray(truths, bool)
        value, instead = known[np.flatnonzero(wrong)[0]], "a number"
    else:
        spelt = [TRUTHS.get(str(value).strip().lower()) for value in known]
        if None not in spelt:
            return np.array(spelt, bool)
        value, instead = repr(str(known[spelt.index(None)])), "a quoted string"
    raise ConditionError(
        f"column {column!r} holds {value}, which is neither true nor false: compare it with "
        f"{instead}"
    )


def _numbers(column: str, known: npt.NDArray[Any], value: float) -> npt.NDArray[np.object_]:
    """Numbers of text, exact."""
    found = []
    for text in map(str, known):
        number = _number(text.strip())
        if number is None:
            raise ConditionError(
                f"column {column!r} holds the text {text!r}: compare it with a quoted string, not "
                f"with {value!r}"
            )
        found.append(number)
    return np.array(found, object)


def _number(text: str) -> int | float | None:
    if text.lower() in TRUTHS:
        return int(TRUTHS[text.lower()])
    if not _NUMBER.fullmatch(text):
        return None
    return _value("number", text)  # type: ignore[return-value]
