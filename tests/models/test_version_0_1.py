"""What infnet-keras 0.1 wrote is refused: `version_0_1/` is a run of it, packed more tightly."""

import shutil
from pathlib import Path

import keras
import pytest

import infnet_keras.models
from infnet_keras.cli import main
from infnet_keras.errors import ModelError
from infnet_keras.spec import load_spec, override_spec
from infnet_keras.training import train
from infnet_keras.training.run_directory import RunDirectory

WRITTEN = Path(__file__).with_name("version_0_1")
SENTENCE = (
    "this INFNet was written by infnet-keras 0.1; .* train again, or load it with the version"
)


@pytest.fixture
def run(tmp_path):
    return shutil.copytree(WRITTEN, tmp_path / "run")


def test_a_file_is_refused():
    for compiled in (True, False):
        with pytest.raises(ModelError, match=SENTENCE):
            keras.models.load_model(WRITTEN / "model.keras", compile=compiled)


def test_another_format_is_refused():
    model = infnet_keras.models.from_spec("minimal", **{"model.dim": 4})
    config = {**model.get_config(), "format": 3}
    with pytest.raises(ModelError, match="written by a version with format 3; this version reads"):
        type(model).from_config(config)


def test_evaluate_says_so(run, capsys):
    assert main(["evaluate", "--run", str(run), "--data", "nowhere"]) == 2
    error = capsys.readouterr().err
    sentence = f"error: {run}/model.keras: this INFNet was written by infnet-keras 0.1"
    assert any(line.startswith(sentence) for line in error.splitlines())
    assert "train again" in error


@pytest.mark.backend("tensorflow")
def test_export_says_so(run, tmp_path, capsys):
    assert main(["export", "--run", str(run), "--out", str(tmp_path / "served")]) == 2
    assert "was written by infnet-keras 0.1" in capsys.readouterr().err
    assert not (tmp_path / "served").exists()


@pytest.mark.long("tensorflow", "jax")
def test_a_run_is_not_continued_but_may_be_replaced(run, prepared):
    options = {"model.dim": 4, "model.blocks": 2, "training.epochs": 1}
    spec = override_spec(load_spec("minimal"), options)
    files = sorted(path.name for path in run.iterdir())
    with pytest.raises(ModelError, match=r"run was written by infnet-keras 0\.1.*--restart"):
        train(spec, prepared, run)
    # The lock that keeps two trainings apart stays where it was made.
    assert sorted(path.name for path in run.iterdir() if path.name != "lock") == files
    train(spec, prepared, run, restart=True)
    assert RunDirectory(run).read().finished == "epochs"
    assert keras.models.load_model(run / "model.keras").spec == spec
