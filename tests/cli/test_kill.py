import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from infnet_keras.spec import load_spec, override_spec
from infnet_keras.training import train

VALUES = {
    "model.dim": 8,
    "model.blocks": 2,
    "training.epochs": 3,
    "training.batch_size": 100,
    "training.evaluations_per_epoch": 2,
    "training.patience": 100,
}


@pytest.mark.backend("torch")
@pytest.mark.long
def test_a_killed_command_continues_and_ends_as_if_it_had_not_been(
    data: Path, tmp_path: Path
) -> None:
    run = tmp_path / "run"
    replacements = [part for key, value in VALUES.items() for part in ("--set", f"{key}={value}")]
    command = ["train", "--spec", "minimal", "--data", str(data), "--run", str(run)]
    line = [sys.executable, "-m", "infnet_keras.cli", *command, *replacements]

    environment = {**os.environ, "OMP_NUM_THREADS": "1"}  # it is too small for more
    killed = subprocess.Popen(line, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _wait_for_lines(run / "history.jsonl", 3, killed)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    state = json.loads((run / "state.json").read_text())
    assert state["finished"] is None
    assert state["epoch"] >= 1  # it was in the second epoch or later

    done = subprocess.run(
        line, env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads((run / "state.json").read_text())["finished"] == "epochs"
    found = [json.loads(text) for text in (run / "history.jsonl").read_text().splitlines()]

    expected = train(override_spec(load_spec("minimal"), VALUES), data, tmp_path / "whole")
    assert [e["step"] for e in found] == [e.step for e in expected.evaluations]
    for one, other in zip(found, expected.evaluations, strict=True):
        assert one["loss"] == pytest.approx(other.loss, abs=1e-4)
        assert one["auc"] == pytest.approx(other.auc, abs=5e-3)


def _wait_for_lines(path: Path, count: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(15000):
        if path.exists() and len(path.read_text().splitlines()) >= count:
            return
        assert process.poll() is None, process.communicate()[1].decode()
        time.sleep(0.01)
    pytest.fail("no evaluation in time")
