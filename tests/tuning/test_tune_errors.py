"""A search that cannot be carried out says so before it begins."""

import sys
from pathlib import Path

import keras
import pytest

from infnet_keras.cli import main
from infnet_keras.data import PreparedData
from infnet_keras.spec import load_spec
from infnet_keras.tuning.spec_search import SpecSearch
from infnet_keras.tuning.tuning_directory import TuningDirectory


def said(capsys: pytest.CaptureFixture[str], *line: object) -> str:
    assert main(["tune", *map(str, line)]) == 2
    return capsys.readouterr().err.rpartition("error: ")[2]


def test_what_is_wrong_is_said_and_nothing_is_written(
    capsys: pytest.CaptureFixture[str], spec_file: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    out = tmp_path / "out"
    places = ["--data", data, "--out", out]
    text = said(capsys, "--spec", spec_file, *places, "--set", "tuning=null")
    assert "the spec 'tiny' has no `tuning` block, so there is nothing to search: add one" in text
    search = ["--spec", spec_file, *places]
    assert "--trials 0: at least 1" in said(capsys, *search, "--trials", "0")
    assert "--processes 0: at least 1" in said(capsys, *search, "--processes", "0")
    other = said(capsys, *search, "--set", "fields.shelf.identity=5")
    assert "these assets were not fitted for spec 'tiny'" in other
    text = said(capsys, *search, "--set", "tuning.search={training.rate: {low: 1, high: 2}}")
    assert "'training.rate' is no option of the model or the training" in text
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("")
    assert "holds 'mine.txt' and no search" in said(capsys, *search)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_a_directory_of_another_search(
    capsys: pytest.CaptureFixture[str], spec_file: Path, data: Path, tmp_path: Path
) -> None:
    pytest.importorskip("optuna")
    out = TuningDirectory(tmp_path / "out")
    spec, digest = load_spec(spec_file), PreparedData.open(data).digest
    out.begin()
    backend = keras.backend.backend()
    out.note(SpecSearch(spec, digest, backend, out.search).description)
    out.note(SpecSearch(spec, digest, backend, out.search, trials=9).description)  # goes on
    search = ["--spec", spec_file, "--data", data, "--out", out.path]
    text = said(capsys, *search, "--set", "training.seed=7", "--set", "model.dropout=0.3")
    assert (
        "differs from this one in spec.model.dropout (0.1 there, 0.3 here); spec.training.seed ("
        in text
    )
    text = said(capsys, *search, "--set", "tuning.search={model.dim: {low: 8, high: 16}}")
    assert 'tuning.search.model.dim (null there, "IntDistribution(' in text
    (out.path / "tuning.json").unlink()
    out.note(SpecSearch(spec, "of other data", backend, out.search).description)
    assert 'the prepared data ("of other data" there, "' in said(capsys, *search)


def test_optuna_is_an_extra(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    spec_file: Path,
    data: Path,
    tmp_path: Path,
) -> None:
    monkeypatch.setitem(sys.modules, "optuna", None)
    text = said(capsys, "--spec", spec_file, "--data", data, "--out", tmp_path / "out")
    assert "Optuna, which is not installed: pip install 'infnet-keras[study]'" in text
    assert not (tmp_path / "out").exists()
