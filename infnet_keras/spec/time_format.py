"""How a text spells a time: patterns in the directives of strftime, and the one without a name."""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple


class TextPattern(NamedTuple):
    """A regular expression (RE2, on bytes) that takes a whole text apart.

    Args:
        regex: matches the text, with one named group for each part.
        parts: the names of its groups, in order; at most nine, as many as RE2 can refer to.
        strict: matches the texts that are meant, where `regex` alone matches more.
    """

    regex: str
    parts: tuple[str, ...]
    strict: str

    @property
    def numbers(self) -> list[str]:
        """The parts that are whole numbers as they stand."""
        return [part for part in self.parts if part not in _NO_NUMBERS]


_NO_NUMBERS = ("month_name", "half", "fraction", "offset")
_OFFSET = r"Z|UTC|GMT|[+-][0-9]{2}(?::?[0-9]{2})?"
_CLOCK = r"[0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?"
_DATES = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}/[0-9]{2}/[0-9]{2}|[0-9]{8}"
_DATE = r"\A(?P<year>[0-9]{4})[-/]?(?P<month>[0-9]{2})[-/]?(?P<day>[0-9]{2})"

ISO8601 = TextPattern(
    _DATE + r"(?:[T ](?P<hour>[0-9]{2}):?(?P<minute>[0-9]{2})"
    r"(?::?(?P<second>[0-9]{2})(?:[.,](?P<fraction>[0-9]+))?)?"
    rf"(?: ?(?P<offset>{_OFFSET}))?)?\z",
    ("year", "month", "day", "hour", "minute", "second", "fraction", "offset"),
    rf"\A(?:(?:{_DATES})(?:[T ]{_CLOCK}(?: ?(?:{_OFFSET}))?)?"
    rf"|[0-9]{{8}}T[0-9]{{4}}(?:[0-9]{{2}}(?:[.,][0-9]+)?)?(?:{_OFFSET})?)\z",
)
"""Year first: 2024-01-31, 2024/01/31 or 20240131, then perhaps a clock and an offset."""

DATE_AND_MORE = TextPattern(
    _DATE + r"(?:\C*)\z",
    ("year", "month", "day"),
    rf"\A(?:{_DATES})(?:[\x00-/:-\x7f]\C*)?\z",
)
"""A date as above, then nothing or anything that does not start with a digit."""


def _any_case(names: str) -> str:
    """Names in any case, each whole or its first three letters; (?i:) would take in `ſ`."""

    def letters(text: str) -> str:
        return "".join(f"[{letter.upper()}{letter}]" for letter in text)

    return "|".join(f"{letters(n[:3])}(?:{letters(n[3:])})?" for n in names.split())


_MONTHS = _any_case(
    "january february march april may june july august september october november december"
)
_WEEKDAYS = _any_case("monday tuesday wednesday thursday friday saturday sunday")
_DIRECTIVES = {
    "Y": ("year", "[0-9]{4}"),
    "y": ("short_year", "[0-9]{2}"),
    "m": ("month", "[0-9]{1,2}"),
    "b": ("month_name", _MONTHS),
    "B": ("month_name", _MONTHS),
    "d": ("day", "[0-9]{1,2}"),
    "j": ("day_of_year", "[0-9]{1,3}"),
    "a": ("", _WEEKDAYS),
    "A": ("", _WEEKDAYS),
    "H": ("hour", "[0-9]{1,2}"),
    "I": ("half_hour", "[0-9]{1,2}"),
    "p": ("half", "[AaPp][Mm]"),
    "M": ("minute", "[0-9]{1,2}"),
    "S": ("second", "[0-9]{1,2}"),
    "f": ("fraction", "[0-9]{1,9}"),
    "z": ("offset", _OFFSET),
    "Z": ("offset", "Z|UTC|GMT"),
}
_SHORT_FOR = {"F": "%Y-%m-%d", "T": "%H:%M:%S", "R": "%H:%M", "D": "%m/%d/%y"}
_WHOLE_WIDTH = {f"[0-9]{{1,{most}}}": f"[0-9]{{{most}}}" for most in (2, 3)}
_WHOLE_WIDTH["[0-9]{1,9}"] = "[0-9]{6}"
_SAME_SLOT = {"short_year": "year", "month_name": "month", "half_hour": "hour"}


@lru_cache
def text_pattern(time_format: str) -> TextPattern:
    """The pattern of a format such as `%m/%d/%Y %I:%M:%S %p`.

    Numbers may lack their leading zero, unless a digit stands next to them (as in %Y%m%d); names
    of months and days are English, whole or their first three letters, in any case; a blank is
    one or several.

    Args:
        time_format: directives of Python's strftime and literal text.

    Raises:
        ValueError: a directive is unknown or said twice, or the format does not tell the day.

    Example:
        >>> text_pattern("%y%m%d%H").parts
        ('short_year', 'month', 'day', 'hour')
    """
    tokens = list(_tokens(_expanded(time_format)))
    regex, parts = r"\A", []
    for place, (directive, text) in enumerate(tokens):
        if directive is None:
            regex += " +" if text == " " else re.escape(text)
            continue
        part, digits = _DIRECTIVES[directive]
        beside = [*tokens[place - 1 : place], *tokens[place + 1 : place + 2]]
        if _is_number(directive) and any(map(_is_digits, beside)):
            digits = _WHOLE_WIDTH.get(digits, digits)
        parts += [part] if part else []
        regex += f"(?P<{part}>{digits})" if part else f"(?:{digits})"
    _check(time_format, parts)
    return TextPattern(regex + r"\z", tuple(parts), regex + r"\z")


_COMMON = (
    "%Y%m%d", "%Y%m%d%H", "%Y%m%d%H%M", "%Y%m%d%H%M%S", "%y%m%d%H",
    "%Y-%m-%d %H", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d",
    "%Y/%m/%d %H:%M:%S", "%Y/%m/%d %H:%M", "%Y/%m/%d", "%Y.%m.%d %H:%M:%S", "%Y.%m.%d",
    "%m/%d/%Y %I:%M:%S %p", "%m/%d/%Y %I:%M %p", "%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%m/%d/%Y",
    "%d/%m/%Y %H:%M:%S", "%d/%m/%Y %H:%M", "%d/%m/%Y",
    "%d.%m.%Y %H:%M:%S", "%d.%m.%Y %H:%M", "%d.%m.%Y",
    "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%Y", "%d-%b-%Y %H:%M:%S", "%d-%b-%Y",
    "%d/%b/%Y:%H:%M:%S %z", "%a %b %d %H:%M:%S %z %Y", "%a %b %d %H:%M:%S %Y",
    "%a, %d %b %Y %H:%M:%S %z", "%a, %d %b %Y %H:%M:%S %Z", "%Y年%m月%d日",
)  # fmt: skip


def suggested_format(text: str) -> str | None:
    """A common format that reads a text as a time from 1990 to 2100, for an error; None if none."""
    for time_format in _COMMON:
        if not re.match(text_pattern(time_format).regex.replace(r"\z", r"\Z"), text):
            continue
        try:
            if 1990 <= datetime.strptime(text, time_format).year <= 2100:
                return time_format
        except ValueError:
            continue
    return None


def _expanded(time_format: str) -> str:
    return re.sub("%(.)", lambda found: _SHORT_FOR.get(found[1], found[0]), time_format)


def _tokens(time_format: str) -> Iterator[tuple[str | None, str]]:
    """(directive, "") or (None, character), a run of blanks as one."""
    for found in re.finditer(r"%(.?)| +|[^%]", time_format, re.DOTALL):
        if not found[0].startswith("%"):
            yield None, " " if found[0].startswith(" ") else found[0]
        elif found[1] == "%":
            yield None, "%"
        elif found[1] in _DIRECTIVES:
            yield found[1], ""
        else:
            known = ", ".join(f"%{name}" for name in (*_DIRECTIVES, *_SHORT_FOR))
            raise ValueError(f"{found[0]!r} in {time_format!r} is no directive; known are {known}")


def _is_number(directive: str) -> bool:
    return directive in "YymdjHIMSf"


def _is_digits(token: tuple[str | None, str]) -> bool:
    directive, text = token
    return _is_number(directive) if directive is not None else text.isdigit()


def _check(time_format: str, parts: list[str]) -> None:
    slots = [_SAME_SLOT.get(part, part) for part in parts]
    for slot in slots:
        if slots.count(slot) > 1:
            raise ValueError(f"{time_format!r} says the {slot} twice")
    if "year" not in slots or ("day_of_year" in slots) == ("month" in slots and "day" in slots):
        raise ValueError(
            f"{time_format!r} does not tell the day: it needs a year (%Y or %y), and a month (%m "
            "or %b) with a day (%d), or the day of the year (%j)"
        )
    if "day_of_year" in slots and ("month" in slots or "day" in slots):
        raise ValueError(f"{time_format!r} says the day twice")
    if ("half" in parts) != ("half_hour" in parts):
        raise ValueError(f"{time_format!r}: %I (1 to 12) and %p (AM or PM) stand together")
