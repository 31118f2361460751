"""What phases write, where, and when: clocks are real, seconds are short."""

import io
import re
import time

import pytest
from rich.console import Console

from infnet_keras.progress import Phase, Progress
from infnet_keras.progress import progress as module


def test_a_slow_phase_speaks_within_two_seconds_and_a_quick_one_not_at_all() -> None:
    lines: list[tuple[float, str]] = []
    started = time.monotonic()
    progress = Progress(lambda line: lines.append((time.monotonic() - started, line)))
    with progress.phase("reading"):
        pass
    with progress.phase("thinking", 4, "thoughts") as phase:
        phase.advance(3)
        time.sleep(1.6)
    ((after, line),) = lines
    assert 1.0 <= after < 2.0
    assert line == "thinking: 3 of 4 thoughts, 1 s"


def test_a_file_gets_a_line_every_so_often_and_nothing_but_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST", 0.1)
    monkeypatch.setattr(module, "EVERY", 0.5)
    monkeypatch.setattr(module, "_LOOKS", 0.01)
    file = io.StringIO()
    progress = Progress(Console(file=file, width=20))
    started = time.monotonic()
    for epoch in range(10):  # alike: together they say no more than one that takes as long
        with progress.phase(f"epoch {epoch + 1} of 10", 1000, "steps") as phase:
            for step in range(100):
                phase.advance(step + 1)
                time.sleep(0.0008)
            time.sleep(0.05)
    most = (time.monotonic() - started) / 0.5 + 1
    progress.say("[bold] a line that stays, longer than the console is wide")
    *running, last = file.getvalue().splitlines()
    assert last == "[bold] a line that stays, longer than the console is wide"
    assert 2 <= len(running) <= most
    assert all(re.match(r"epoch \d+ of 10: [\d,]+ of 1,000 steps", line) for line in running)
    assert "\r" not in file.getvalue()
    assert "\x1b" not in file.getvalue()


def test_a_terminal_shows_one_live_line_and_takes_it_away() -> None:
    file = io.StringIO()
    progress = Progress(Console(file=file, force_terminal=True, width=100))
    with progress.phase("encoding", 4, "partitions") as phase:
        phase.advance(1)
        phase.advance(3)
        time.sleep(0.6)
        progress.say("a line that stays")
    text = file.getvalue()
    assert "encoding: 3 of 4 partitions" in text
    assert "a line that stays" in text
    assert text.rstrip().endswith("\x1b[2K")  # erased
    assert "\x1b[?25h" in text  # the cursor is shown again


def test_the_innermost_phase_is_shown_and_the_outer_one_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "FIRST", 0.05)
    monkeypatch.setattr(module, "_LOOKS", 0.01)
    lines: list[str] = []
    progress = Progress(lines.append)
    with progress.phase("training", 100, "steps") as outer:
        outer.advance(1)
        time.sleep(0.02)
        outer.advance(11)
        rate = outer.rate
        with progress.phase("validating"):
            time.sleep(0.3)
        outer.advance(12)
    assert [line.split(":")[0] for line in lines] == ["validating"]
    assert rate is not None
    assert outer.rate is not None
    assert outer.rate > rate / 3  # of which ten steps took 0.02 s, and validating counts for none


def test_what_keeps_every_thread_waiting_is_said_before_it_begins() -> None:
    lines: list[str] = []
    with Progress(lines.append).phase("starting", at_once=True):
        assert lines == ["starting"]
    file = io.StringIO()
    with Progress(Console(file=file, force_terminal=True)).phase("starting", at_once=True):
        assert "starting: 0 s" in file.getvalue()


def test_without_a_place_nothing_is_shown() -> None:
    progress = Progress()
    with progress.phase("thinking") as phase:
        phase.advance(1)
    progress.say("nothing")
    assert progress._shown is None


def test_an_error_ends_what_is_shown() -> None:
    file = io.StringIO()
    progress = Progress(Console(file=file, force_terminal=True))
    with pytest.raises(ValueError, match="broken"), progress.phase("thinking"):
        raise ValueError("broken")
    assert "\x1b[?25h" in file.getvalue()


class Clock:
    """Seconds as a test wants them."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_left_leaves_out_the_first_piece() -> None:
    clock = Clock()
    phase = Phase("epoch 1 of 2", 60, "steps", clock)
    assert phase.line() == "epoch 1 of 2: 0 of 60 steps, 0 s"
    clock.now = 100.0  # the first step is compiled
    phase.advance(1)
    assert phase.line() == "epoch 1 of 2: 1 of 60 steps, 1 min 40 s"
    clock.now = 110.0
    phase.advance(21)
    assert phase.rate == pytest.approx(2.0)
    phase.note = lambda: "loss 0.5"
    assert phase.line() == "epoch 1 of 2: 21 of 60 steps, loss 0.5, 1 min 50 s, 20 s left"
    clock.now = 7_300.0
    phase.advance(60)
    assert phase.line() == "epoch 1 of 2: 60 of 60 steps, loss 0.5, 2 h 1 min"


def test_more_than_was_estimated() -> None:
    phase = Phase("reading", 10, "rows", Clock())
    phase.advance(12)
    assert phase.line() == "reading: 12 of 12 rows, 0 s"
