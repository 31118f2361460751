"""Two trainings of one run directory are kept apart."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from infnet_keras.errors import ModelError
from infnet_keras.training.run_directory import RunDirectory

HOLD = """
import sys
from pathlib import Path
from infnet_keras.training.run_directory import RunDirectory
with RunDirectory(Path(sys.argv[1])).locked():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.backend("torch")  # none takes part
@pytest.mark.parametrize("ending", ["end", "kill"])
def test_the_second_is_told_who_holds_it(tmp_path: Path, ending: str) -> None:
    run = tmp_path / "run"
    command = [sys.executable, "-c", HOLD, str(run)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdin is not None
        assert holder.stdout.readline() == b"held\n"
        said = rf"another process trains in {run}: process {holder.pid} on .*, since 20"
        with pytest.raises(ModelError, match=said), RunDirectory(run).locked():
            pass
        if ending == "kill":
            holder.kill()
        else:
            holder.stdin.close()
        holder.wait()
    for _ in range(2):
        with RunDirectory(run).locked():
            assert f"process {os.getpid()} on " in (run / "lock").read_text()
        assert (run / "lock").read_text() == ""


def test_a_directory_of_something_else_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("")
    with pytest.raises(ModelError, match="is not a run directory"), RunDirectory(tmp_path).locked():
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
