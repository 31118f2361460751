"""One thing that takes its time: how far it is, and how long it will still take."""

import time
from collections.abc import Callable

_CLOCK = time.monotonic


class Phase:
    """What is being done now. `Progress.phase` makes it, and shows its line.

    Counting costs next to nothing: a line is made when it is shown, not when something was done.

    Args:
        name: what is being done; before a colon in the line.
        total: how much there is to do; None where nobody knows.
        unit: of what is counted, in the plural; empty where nothing is counted.
        clock: seconds that only go forward.

    Attributes:
        note: what else to say, or a function that says it when a line is shown.
        expect: a function that says how many seconds are left, where pieces are so unlike that
            their number says little; None computes it from what was done.

    Example:
        >>> clock = iter([0.0, 10.0, 20.0]).__next__
        >>> phase = Phase("encoding", total=4, unit="partitions", clock=clock)
        >>> phase.advance(1)
        >>> phase.line()
        'encoding: 1 of 4 partitions, 20 s'
    """

    def __init__(
        self,
        name: str,
        total: int | None = None,
        unit: str = "",
        clock: Callable[[], float] = _CLOCK,
    ) -> None:
        self._clock = clock
        self.note: str | Callable[[], str] = ""
        self.expect: Callable[[], float | None] | None = None
        self.restart(name, total, unit)

    def restart(self, name: str, total: int | None = None, unit: str = "") -> None:
        """Begin anew with the next of several alike things, such as an epoch."""
        self.name, self.total, self.unit = name, total, unit
        self.done = 0
        self.started = self._clock()
        # The first piece may take much longer than the others, as it is compiled: time left is
        # computed from those after it.
        self._first: tuple[int, float] | None = None
        self._last = self.started

    def advance(self, done: int) -> None:
        """So much is done now, of all there is."""
        now = self._clock()
        if self._first is None:
            self._first = done, now
        self.done, self._last = max(done, self.done), now

    def pause(self, seconds: float) -> None:
        """So much of the time went into something else."""
        if self._first is not None:
            self._first = self._first[0], self._first[1] + seconds

    @property
    def rate(self) -> float | None:
        """How much is done a second, the first piece left out; None as long as nobody knows."""
        if self._first is None or self.done <= self._first[0] or self._last <= self._first[1]:
            return None
        return (self.done - self._first[0]) / (self._last - self._first[1])

    def line(self) -> str:
        """Name, count, note, the time taken and, where it is known, the time left."""
        now = self._clock()
        note = self.note if isinstance(self.note, str) else self.note()
        parts = [self._count(), note, _spelt(now - self.started)]
        left = self._left()
        if left is not None:
            parts.append(f"{_spelt(left)} left")
        return f"{self.name}: {', '.join(part for part in parts if part)}"

    def _left(self) -> float | None:
        """Seconds left, where they are known."""
        if self.expect is not None:
            return self.expect()
        if self.rate is None or self.total is None or self.done >= self.total:
            return None
        return (self.total - self.done) / self.rate

    def _count(self) -> str:
        if not self.unit:
            return ""
        # An estimated total may turn out too small.
        total = "" if self.total is None else f" of {max(self.total, self.done):,}"
        return f"{self.done:,}{total} {self.unit}"


def _spelt(seconds: float) -> str:
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
