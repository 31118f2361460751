import os
import subprocess
import sys
from pathlib import Path

import pytest

from infnet_keras.files.whole_file import write_whole


def test_a_file_replaces_an_earlier_one(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, lambda partial: partial.write_text("one"))
    write_whole(path, lambda partial: partial.write_text("two"))
    assert path.read_text() == "two"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_a_failure_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("before")

    def write(partial: Path) -> None:
        partial.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        write_whole(path, write)
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]


def test_a_killed_writer_leaves_the_earlier_file_and_the_next_one_clears_up(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("before")
    program = (
        "import os, signal, sys\n"
        "from pathlib import Path\n"
        "from infnet_keras.files.whole_file import write_whole\n"
        "def write(partial):\n"
        "    partial.write_text('half')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "write_whole(Path(sys.argv[1]), write)\n"
    )
    killed = subprocess.run([sys.executable, "-c", program, str(path)], env={**os.environ})
    assert killed.returncode == -9
    assert path.read_text() == "before"
    assert len(list(tmp_path.iterdir())) == 2
    write_whole(path, lambda partial: partial.write_text("after"))
    assert path.read_text() == "after"
    assert [entry.name for entry in tmp_path.iterdir()] == ["report.json"]
