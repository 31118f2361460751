"""Where phases are shown: a live line on a terminal, lines now and then in a file."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from infnet_keras.progress.phase import Phase

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live

FIRST, EVERY = 1.0, 10.0
_LOOKS = 0.25
_A_SECOND = 4
_BAR = 24


class Progress:
    """Says what is being done while it is done, so that no command is silent for long.

    A terminal shows the running phase in one live line, which goes when it ends. Elsewhere a phase
    that has run for a second writes a line, and then one every ten seconds; a phase that is done
    sooner writes none, nor does the next of several alike (epoch 1, epoch 2) before ten seconds
    have passed. A thread of its own writes them: what runs need not come back to Python for it.

    Args:
        to: a rich console; or a function that takes a line, such as a logger's `info`; None says
            nothing at all.

    Example:
        >>> lines = []
        >>> progress = Progress(lines.append)
        >>> with progress.phase("reading", total=3, unit="files") as phase:
        ...     for number in range(3):
        ...         phase.advance(number + 1)
        >>> progress.say("3 files read")
        >>> lines  # reading took less than a second
        ['3 files read']
    """

    def __init__(self, to: Console | Callable[[str], None] | None = None) -> None:
        self._console: Console | None = None
        if to is None or callable(to):
            self._write = to
        else:
            self._write = self._print
            self._console = to
        self._phases: list[Phase] = []
        self._said: dict[str, float] = {}
        self._ended = threading.Event()
        self._shown: threading.Thread | Live | None = None

    @classmethod
    def on_stderr(cls) -> Progress:
        """On the standard error, which leaves the standard output to results."""
        from rich.console import Console

        return cls(Console(stderr=True))

    def say(self, line: str) -> None:
        """Write a line that stays."""
        if self._write is not None:
            self._write(line)

    @contextmanager
    def phase(
        self,
        name: str,
        total: int | None = None,
        unit: str = "",
        at_once: bool = False,
        note: str | Callable[[], str] = "",
    ) -> Iterator[Phase]:
        """Show what is done in a `with` block; of several that are open, the innermost is shown.

        Args:
            name: what is done, such as "reading the log".
            total: how much there is to do, where that is known.
            unit: of what `Phase.advance` counts, in the plural.
            at_once: write a line before it begins: for what keeps every thread waiting, as the
                import of a backend does.
            note: see `Phase`.
        """
        phase = Phase(name, total, unit)
        phase.note = note
        self._phases.append(phase)
        try:
            if at_once and not self._is_live:
                self._said[_kind(phase)] = time.monotonic()
                self.say(name)
            self._show()
            yield phase
        finally:
            self._phases.remove(phase)
            for outer in self._phases:
                outer.pause(time.monotonic() - phase.started)
            if not self._phases:
                self._hide()

    @property
    def _is_live(self) -> bool:
        return self._console is not None and self._console.is_terminal

    def _show(self) -> None:
        if self._shown is not None or self._write is None:
            return
        if self._is_live:
            from rich.live import Live

            live = Live(
                console=self._console,
                get_renderable=self._live_line,
                refresh_per_second=_A_SECOND,
                transient=True,
                redirect_stdout=False,  # results do not belong on this console
                redirect_stderr=False,  # `quiet_start` moves it meanwhile
            )
            live.start(refresh=True)  # at once: an import may hold the thread that draws up
            self._shown = live
        else:
            self._ended.clear()
            writer = threading.Thread(target=self._write_lines, name="progress", daemon=True)
            writer.start()
            self._shown = writer

    def _hide(self) -> None:
        shown, self._shown = self._shown, None
        if isinstance(shown, threading.Thread):
            self._ended.set()
            shown.join()
        elif shown is not None:
            shown.stop()

    def _write_lines(self) -> None:
        while not self._ended.wait(_LOOKS):
            phase = next(iter(self._phases[-1:]), None)
            if phase is None:
                continue
            now, kind = time.monotonic(), _kind(phase)
            if now >= max(phase.started + FIRST, self._said.get(kind, -EVERY) + EVERY):
                self._said[kind] = now
                self.say(phase.line())

    def _live_line(self) -> Any:
        from rich.progress_bar import ProgressBar
        from rich.table import Table
        from rich.text import Text

        phase = next(iter(self._phases[-1:]), None)
        if phase is None:
            return Text()
        line = Text(phase.line(), no_wrap=True, overflow="ellipsis")
        if not phase.total:
            return line
        grid = Table.grid(padding=(0, 1))
        grid.add_row(ProgressBar(total=phase.total, completed=phase.done, width=_BAR), line)
        return grid

    def _print(self, line: str) -> None:
        assert self._console is not None
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)


def _kind(phase: Phase) -> str:
    """What alike phases have in common."""
    return re.sub(r"\d+", "#", phase.name)
