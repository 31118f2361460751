"""Where records and quoted values of CSV text begin and end, checked to the byte.

A value is quoted if a quote is its first byte; inside, two quotes are one. Anything else after a
quoted value than a delimiter or a line's end is a mistake, as is a quote that stays open: lenient
readers take the rows up to the next quote for one value, without a word.
"""

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Positions = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """What separates and what quotes values, as bytes; `quote` is None where nothing does."""

    delimiter: bytes
    quote: bytes | None


@dataclass(frozen=True)
class WholeRecords:
    """The records that end in a piece of text.

    Attributes:
        end: where they end; more text is needed for what follows.
        opens: int64, where values' first quotes are, before `end`.
        closes: int64, where their last ones are; a doubled quote may close one and open the next.
    """

    end: int
    opens: Positions
    closes: Positions


class MisquotedError(Exception):
    """A quote is not closed, or text follows where one is.

    Args:
        start: where it opens.
        end: where text follows, None if it stays open.
    """

    def __init__(self, start: int, end: int | None):
        super().__init__(start, end)
        self.start = start
        self.end = end


def whole_records(data: bytes, layout: Layout, last: bool) -> WholeRecords:
    """Find the whole records at the start of a piece of text.

    Args:
        data: text that begins with a record.
        layout: of its values.
        last: whether the text ends here, so that its last line needs no end.

    Raises:
        MisquotedError: where reading on would take several values for one.
    """
    newline = b"\n" if b"\n" in data else b"\r"
    if layout.quote is None or layout.quote not in data:
        # a \r at the very end may be half of a line's end
        end = data.rfind(newline, 0, len(data) - (newline == b"\r")) + 1
        return WholeRecords(len(data) if last else end, _NONE, _NONE)
    return _regular(data, layout, newline, last) or _scanned(data, layout, newline, last)


def split_record(data: bytes, at: int, layout: Layout) -> tuple[list[bytes], int]:
    """The values of one checked record, and where the next one begins.

    Example:
        >>> split_record(b"a,'b, ''c'' d'\\n", 0, Layout(b",", b"'"))
        ([b'a', b"b, 'c' d"], 15)
    """
    stop = re.compile(re.escape(layout.delimiter) + rb"|\r\n|\r|\n|\Z")
    quote = layout.quote
    values = []
    while True:
        if quote is not None and data.startswith(quote, at):
            end = _closing(data, at, quote) + 1
            values.append(data[at + 1 : end - 1].replace(quote * 2, quote))
            found = stop.match(data, end)
        else:
            found = stop.search(data, at)
            values.append(data[at : found.start() if found else len(data)])
        if found is None or found.group() != layout.delimiter:
            return values, found.end() if found else len(data)
        at = found.end()


_NONE = np.zeros(0, np.int64)


def _regular(data: bytes, layout: Layout, newline: bytes, last: bool) -> WholeRecords | None:
    """The same, all at once, where every quote opens or closes; None where one is mere text."""
    text = np.frombuffer(data, np.uint8)
    quotes = np.flatnonzero(text == ord(layout.quote or b""))
    end = len(data)
    if not last:
        end = data.rfind(newline, 0, end - (newline == b"\r")) + 1
        while (before := int(np.searchsorted(quotes, end))) % 2:
            end = data.rfind(newline, 0, int(quotes[before - 1])) + 1
    quotes = quotes[: np.searchsorted(quotes, end)]
    if end == 0 or len(quotes) % 2:
        return None
    opens, closes = quotes[0::2], quotes[1::2]
    doubled = np.zeros(len(opens) + 1, bool)
    doubled[1:-1] = opens[1:] == closes[:-1] + 1
    ends = np.zeros(256, bool)
    ends[[ord("\n"), ord("\r")]] = True
    if len(layout.delimiter) == 1:
        ends[ord(layout.delimiter)] = True
    before = ends[text[opens - 1]] | doubled[:-1] | (opens == 0)
    after = ends[text[(closes + 1) % len(text)]] | doubled[1:] | (closes == len(text) - 1)
    if len(layout.delimiter) > 1:
        before |= _found(text, opens - len(layout.delimiter), layout.delimiter)
        after |= _found(text, closes + 1, layout.delimiter)
    return WholeRecords(end, opens, closes) if before.all() and after.all() else None


def _found(text: npt.NDArray[np.uint8], at: Positions, pattern: bytes) -> npt.NDArray[np.bool_]:
    """Whether a pattern stands at each position; positions outside hold nothing."""
    found = (at >= 0) & (at + len(pattern) <= len(text))
    for offset, byte in enumerate(pattern):
        found &= text[(at + offset) % len(text)] == byte
    return found


def _scanned(data: bytes, layout: Layout, newline: bytes, last: bool) -> WholeRecords:
    """The same, quote by quote."""
    quote, delimiter = layout.quote or b"", layout.delimiter
    opening = re.compile(
        rb"(?:\A|(?<=[\r\n])|(?<=" + re.escape(delimiter) + rb"))" + re.escape(quote)
    )
    opens: list[int] = []
    closes: list[int] = []
    start = at = 0  # of the record at hand, and of what is not looked at yet
    while (found := opening.search(data, at)) is not None:
        opened = found.start()
        start = data.rfind(newline, at, opened) + 1 or start
        closed = _closing(data, opened, quote)
        after = data[closed + 1 : closed + 1 + len(delimiter)]
        if not last and (closed < 0 or len(after) < len(delimiter)):
            return WholeRecords(start, np.array(opens, np.int64), np.array(closes, np.int64))
        if closed < 0:
            raise MisquotedError(opened, None)
        if after and after != delimiter and after[:1] not in (b"\r", b"\n"):
            raise MisquotedError(opened, closed + 1)
        opens.append(opened)
        closes.append(closed)
        at = closed + 1
    before = len(data) - (newline == b"\r")
    end = len(data) if last else data.rfind(newline, at, before) + 1 or start
    return WholeRecords(end, np.array(opens, np.int64), np.array(closes, np.int64))


def _closing(data: bytes, opened: int, quote: bytes) -> int:
    """Where the quote closes that opens here, -1 if nowhere."""
    closed = data.find(quote, opened + 1)
    while closed >= 0 and data[closed + 1 : closed + 2] == quote:
        closed = data.find(quote, closed + 2)
    return closed
