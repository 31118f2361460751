"""A study that cannot be carried out says so before it begins."""

from pathlib import Path

import pytest

from infnet_keras.cli import main
from infnet_keras.study import requirements


def said(capsys: pytest.CaptureFixture[str], *line: object) -> str:
    assert main(["study", *map(str, line)]) == 2
    return capsys.readouterr().err.rpartition("error: ")[2]


@pytest.mark.parametrize("missing", ["matplotlib", "torch"])
def test_what_is_not_installed_is_named(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    study_file: Path,
    data: Path,
    tmp_path: Path,
    missing: str,
) -> None:
    found = requirements.find_spec
    monkeypatch.setattr(
        requirements, "find_spec", lambda name: None if name == missing else found(name)
    )
    text = said(capsys, study_file, "--data", data, "--out", tmp_path / "out")
    assert f"{missing} is not installed, and " in text
    assert "pip install 'infnet-keras[" in text
    assert not (tmp_path / "out").exists()


def test_places_and_numbers(
    capsys: pytest.CaptureFixture[str], study_file: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    places = [study_file, "--data", data, "--out", out]
    assert "no complete prepared data" in said(capsys, study_file, "--data", out, "--out", out)
    assert "--processes 0: at least 1" in said(capsys, *places, "--processes", "0")
    assert "--memory -1.0: a limit in GB" in said(capsys, *places, "--memory", "-1")
    assert "the study has no such row" in said(capsys, *places, "--only", "infnett")
    assert "row 'infnet' of study 'two': training.epoch" in said(
        capsys, *places, "--set", "training.epoch=3"
    )
    assert not out.exists()
    out.mkdir()
    (out / "mine.txt").write_text("")
    assert "holds 'mine.txt' and no study" in said(capsys, *places)
    assert [path.name for path in out.iterdir()] == ["mine.txt"]


def test_data_of_another_spec(
    capsys: pytest.CaptureFixture[str], study_file: Path, data: Path, tmp_path: Path
) -> None:
    spec = study_file.parent / "tiny.yaml"
    spec.write_text(spec.read_text().replace("identity: 4", "identity: 5"))
    text = said(capsys, study_file, "--data", data, "--out", tmp_path / "out")
    assert "these assets were not fitted for spec 'tiny'" in text


def test_a_dry_run_writes_nothing(
    capsys: pytest.CaptureFixture[str], study_file: Path, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    assert (
        main(["study", str(study_file), "--data", str(data), "--out", str(out), "--dry-run"]) == 0
    )
    assert "0 trials and 4 runs to do, 0 runs done" in capsys.readouterr().out
    assert not out.exists()
