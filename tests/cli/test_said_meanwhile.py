"""What the commands say while they run: through real processes, into files and a terminal."""

import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.backend("tensorflow")

# Every phase is slow: it waits as long as a line takes to come.
SLOW = """
import sys, time
from contextlib import contextmanager
from infnet_keras.progress import Progress
import infnet_keras.progress.progress as module

phase_of = Progress.phase

@contextmanager
def slow(self, name, *arguments, **options):
    with phase_of(self, name, *arguments, **options) as phase:
        time.sleep(module.FIRST + 3 * module._LOOKS)
        yield phase

module.FIRST, module._LOOKS = 0.05, 0.02
Progress.phase = slow
from infnet_keras.cli import main
sys.exit(main(sys.argv[1:]))
"""


def run(*arguments: str | Path) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-c", SLOW, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, check=True)


@pytest.mark.long
def test_prepare_and_train_into_a_file(logs: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    days = ("--valid-from", "2024-01-13", "--test-from", "2024-01-14")
    done = run("data", "prepare", "--spec", "minimal", "--raw", logs, "--out", data, *days)
    assert done.stdout.decode() == f"{data}\n"
    said = done.stderr.decode()
    for phase in ("reading the log: 0 of ", "ordering the events: 0 of 1 partitions", "encoding: "):
        assert phase in said
    assert b"\r" not in done.stderr
    assert b"\x1b" not in done.stderr

    small = ("--set", "training.epochs=1", "--set", "model.dim=4", "--set", "model.blocks=2")
    done = run("train", "--spec", "minimal", "--data", data, "--run", tmp_path / "run", *small)
    said = done.stderr.decode()
    for phase in (
        "^starting Keras\n",
        "building the model: ",
        r"epoch 1 of 1: 0 of \d+ steps, compiling the step",
        r"predicting valid: 0 of \d+ impressions",
    ):
        assert re.search(phase, said)
    assert re.search("^epoch 1  step ", said, re.MULTILINE)
    assert b"\r" not in done.stderr
    assert b"\x1b" not in done.stderr
    assert done.stdout.startswith(f"{tmp_path / 'run'}: best mean".encode())


def test_the_first_line_comes_within_two_seconds_of_what_is_slow(tmp_path: Path) -> None:
    """On a terminal. Python itself and the spec come before: they are waited for."""
    ours, theirs = pty.openpty()
    code = (
        "import time\n"
        "from infnet_keras.progress import Progress\n"
        "progress = Progress.on_stderr()\n"
        "print('ready', flush=True)\n"
        "with progress.phase('thinking', 5, 'thoughts') as phase:\n"
        "    phase.advance(2)\n"
        "    time.sleep(30)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=theirs, stderr=theirs) as process:
        os.close(theirs)
        text = b""
        while b"ready" not in text:
            text += os.read(ours, 4096)
        started = time.monotonic()
        while b"thinking: 2 of 5 thoughts" not in text:
            text += os.read(ours, 4096)
        assert time.monotonic() - started < 2
        process.kill()
    os.close(ours)
