"""How far the scoring of a table has come."""

import sys
import time
from collections.abc import Callable
from typing import TextIO

_ON_A_TERMINAL, _IN_A_LOG = 0.5, 30.0  # seconds
_WIDTH = 78


class Progress:
    """Rows done, rows a second and time left, on standard error: one line that is written over on
    a terminal, a line each half minute in a log.

    Args:
        total: about how many rows there are; 0 where that is not known.
        stream: where it is written.
        clock: seconds.
    """

    def __init__(
        self,
        total: int,
        stream: TextIO | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._total = total
        self._stream = stream or sys.stderr
        self._clock = clock
        self._is_terminal = self._stream.isatty()
        self._started = self._told = clock()
        self.rows = 0

    def add(self, rows: int) -> None:
        """Some more rows are done."""
        self.rows += rows
        now = self._clock()
        if now - self._told >= (_ON_A_TERMINAL if self._is_terminal else _IN_A_LOG):
            self._told = now
            line = self._line(now - self._started)
            text = f"{line:<{_WIDTH}}\r" if self._is_terminal else f"{line}\n"
            print(text, end="", file=self._stream, flush=True)

    def done(self) -> str:
        """What was done, in one line; wipes the one on the terminal."""
        if self._is_terminal:
            print(" " * _WIDTH, end="\r", file=self._stream, flush=True)
        seconds = self._clock() - self._started
        return f"{self.rows:,} rows in {_clock_text(seconds)} ({self._rate(seconds):,.0f} rows/s)"

    def _line(self, seconds: float) -> str:
        rate = self._rate(seconds)
        said = f"{self.rows:,} rows, {rate:,.0f} rows/s"
        if self._total <= self.rows or not rate:
            return said
        left = _clock_text((self._total - self.rows) / rate)
        return f"{self.rows:,} of about {self._total:,} rows, {rate:,.0f} rows/s, {left} left"

    def _rate(self, seconds: float) -> float:
        return self.rows / seconds if seconds > 0 else 0.0


def _clock_text(seconds: float) -> str:
    """
    Example:
        >>> _clock_text(3725), _clock_text(9.6)
        ('1:02:05', '0:10')
    """
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
