"""`infnet benchmark speed`: what it refuses, and a run from end to end."""

import os
from pathlib import Path

import keras
import pytest

from infnet_keras.benchmark.contender import Entry
from infnet_keras.benchmark.fuxictr.sources import FUXICTR_MODELS
from infnet_keras.benchmark.make_contender import make_contender
from infnet_keras.benchmark.setting import Setting
from infnet_keras.cli import main

SMALL = ("--width", "4", "--batch", "4", "--rounds", "1", "--without-memory")


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["benchmark", "speed", *SMALL, *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    return captured.err.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--shapes", "pure,huge"], "--shapes huge: choose from qb, pure, long"),
        (["--scaling", "depth"], "--scaling depth: choose from history"),
        (["--rounds", "0"], "--rounds 0: at least 1"),
        (["--models", "infnte"], "no model 'infnte'"),
        (["--references", "plane"], "no reference 'plane'"),
        (["--fuxictr", "."], "add --references fuxictr"),
    ],
)
def test_what_is_not_there_is_refused(
    capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    line = error_of(capsys, *arguments)
    assert line.startswith("error: ")
    assert said in line


def test_fuxictr_needs_torch_and_its_sources(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    asked = ["--references", "fuxictr"]
    if keras.backend.backend() != "torch":
        line = error_of(capsys, *asked, "--fuxictr", str(tmp_path))
        assert "runs on torch alone" in line
        assert "--backend torch" in line
        return
    assert "--fuxictr PATH" in error_of(capsys, *asked)
    line = error_of(capsys, *asked, "--fuxictr", str(tmp_path))
    assert f"{tmp_path} is no copy of FuxiCTR's repository" in line
    assert "fuxictr/features.py" in line
    half = error_of(capsys, *asked, "--precision", "mixed_bfloat16")
    assert "trains in float32" in half


def test_a_run_says_and_writes_what_it_measured(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    arguments = ["--shapes", "qb", "--models", "fm", "--references", "--out", str(tmp_path / "out")]
    assert main(["benchmark", "speed", *SMALL, *arguments]) == 0
    printed = capsys.readouterr().out
    assert "qb, width 4, batch 4, float32" in printed
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "speed.csv",
        "speed.json",
        "speed.svg",
    }


@pytest.mark.backend("torch")
@pytest.mark.parametrize("name", FUXICTR_MODELS)
def test_fuxictr_trains(name: str) -> None:
    """With `FUXICTR=PATH`, a copy of its repository."""
    if "FUXICTR" not in os.environ:
        pytest.skip("FUXICTR names no copy of its repository")
    setting = Setting("qb", width=4, batch=16, history=0.1, vocabulary=0.01)
    contender = make_contender(Entry(f"fuxictr {name}"), setting, Path(os.environ["FUXICTR"]))
    losses = [float(contender.training()) for _ in range(30)]
    assert losses[-1] < losses[0]
    contender.forward()
