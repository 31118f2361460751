"""Guides whose commands are run.

A block that is fenced as ```bash is run, in the order of the page, all in one shell, so that
variables, functions and servers in the background go on from block to block. A ```python block is a
program that this shell runs. What follows the language is a reason not to run the block here:
```bash needs a cluster. A ```text block right after a block that is run is what it prints; `...`
stands for anything, line breaks too.
"""

import doctest
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile

ROOT = Path(__file__).parents[1]
REASONS = ("needs a cluster", "needs docker")
FENCE = re.compile(r"^```(\S+)?[ ]?(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_RUN = {"bash": "{}", "python": "python - <<'END OF PYTHON'\n{}END OF PYTHON\n"}
_END = "\x1eend of block {}\x1e"
# Servers in the background end with the shell.
_PRELUDE = "set -euo pipefail\ntrap 'kill $(jobs -p) 2> /dev/null || true; wait' EXIT\n"
_SECONDS = 540.0


@dataclass(frozen=True)
class Commands:
    """A block of commands.

    Attributes:
        line: of the page, where its first command is.
        text: the commands, for the shell.
        skipped: why it is not run, or empty.
        output: what it prints, None if the page does not say.
    """

    line: int
    text: str
    skipped: str
    output: str | None


def read_commands(page: str) -> list[Commands]:
    """The blocks of commands of a page of Markdown."""
    blocks = list(FENCE.finditer(page))
    found = []
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        language, note, text = block.groups()
        if language not in _RUN:
            continue
        follows = following and not page[block.end() : following.start()].strip()
        output = following[3] if following and follows and following[1] == "text" else None
        line = page.count("\n", 0, block.start(3)) + 1
        found.append(Commands(line, _RUN[language].format(text), note.strip(), output))
    return found


def run_guide(path: Path, workspace: Path, instead: Mapping[str, str]) -> None:
    """Run the commands of a guide and compare what they print with what it says.

    Args:
        path: the guide.
        workspace: the directory that the commands run in; a copy of the repository's top, which
            they may write into.
        instead: text in the commands and outputs -> what to run in its place, such as a port.

    Raises:
        AssertionError: a command failed, or printed something else; the message has the line of the
            guide and all output.
    """
    commands = [c for c in read_commands(path.read_text()) if not c.skipped]
    script = _PRELUDE + "".join(
        f"{_replaced(block.text, instead)}\nprintf '%s' '{_END.format(block.line)}'\n"
        for block in commands
    )
    printed, errors, status = _run(script, workspace)
    for block in commands:
        where = f"{path.name}, line {block.line}"
        end = _END.format(block.line)
        assert end in printed, f"{where}: ended with {status}\n{printed}\n{errors}"
        output, printed = printed.split(end, 1)
        if block.output is not None:
            # JSON over HTTP does not end with a line break; a fenced block cannot but.
            wanted, output = _replaced(block.output, instead).rstrip("\n"), output.rstrip("\n")
            same = doctest.OutputChecker().check_output(wanted, output, doctest.ELLIPSIS)
            assert same, f"{where} printed\n{output}\ninstead of\n{wanted}\n{errors}"
    assert status == 0, f"{path.name} ended with {status}\n{errors}"


def make_workspace(directory: Path, model: Path | None = None) -> Path:
    """A directory like the repository's, that commands may write into.

    Args:
        directory: where it is made.
        model: becomes demo/models/qb_video, as after `make demo`; None: as before it.

    Returns:
        The directory.
    """
    directory.mkdir()
    for name in ("serving", "docs", "feature_specs"):
        (directory / name).symlink_to(ROOT / name)
    if model is None:
        return directory
    copy = directory / "demo" / "models" / "qb_video"
    copy.parent.mkdir(parents=True)
    subprocess.run(["cp", "-r", str(model), str(copy)], check=True)
    return directory


def free_ports(*named: str) -> dict[str, str]:
    """A free port for each that a guide names: what `run_guide` takes as `instead`."""
    found = {}
    with ExitStack() as taken:
        for port in named:
            probe = taken.enter_context(socket.socket())
            probe.bind(("127.0.0.1", 0))
            found[port] = str(probe.getsockname()[1])
    return found


def _run(script: str, workspace: Path) -> tuple[str, str, int]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    # Files, not pipes: whoever is left in the background would keep those open.
    with TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            ["bash", "-c", script],
            cwd=workspace,
            env={**os.environ, "PATH": path, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        try:
            process.wait(_SECONDS)
        except subprocess.TimeoutExpired:
            errors.write(f"\nstopped after {_SECONDS:g} seconds\n")
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        status = process.wait()
        output.seek(0)
        errors.seek(0)
        return output.read(), errors.read(), status


def _replaced(text: str, instead: Mapping[str, str]) -> str:
    # All at once: what took the place of one port may hold another's digits.
    parts = re.split(f"({'|'.join(map(re.escape, instead))})", text) if instead else [text]
    return "".join(instead.get(part, part) for part in parts)
