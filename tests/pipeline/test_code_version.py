"""The cache's keys: they change with the code that a step runs, and with no other."""

import shutil
from pathlib import Path

import pytest

from tfx_pipeline import code_version
from tfx_pipeline.code_version import data_code, evaluation_code, serving_code, training_code

ROOT = Path(__file__).parents[2]
KEYS = {
    "data": data_code,
    "training": training_code,
    "evaluation": evaluation_code,
    "serving": serving_code,
}


def test_every_place_is_there() -> None:
    places = {
        *code_version._DATA,
        *code_version._EVALUATION,
        *code_version._SERVING,
        *code_version._TRAINING,
    }
    assert [place for place in sorted(places) if not (ROOT / place).exists()] == []


@pytest.mark.parametrize(
    ("file", "concerned"),
    [
        ("infnet_keras/layers/infnet/infnet_block.py", {"training", "serving"}),
        ("infnet_keras/data/preparation/prepare.py", {"data", "training", "serving"}),
        ("infnet_keras/metrics/auc.py", {"training", "evaluation", "serving"}),
        ("tfx_pipeline/beam/finish.py", {"data"}),
        ("tfx_pipeline/evaluation/gates.py", {"evaluation"}),
        ("tfx_pipeline/schema_description.py", {"data", "training"}),
        ("tfx_pipeline/trainer/run_fn.py", {"training"}),
        ("serving/server/server.py", {"serving"}),
    ],
)
def test_an_edit_runs_again_what_it_concerns(
    file: str, concerned: set[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("infnet_keras", "tfx_pipeline", "serving"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=ignored)
    monkeypatch.setattr(code_version, "_ROOT", tmp_path)
    before = {name: key() for name, key in KEYS.items()}
    assert before == {name: key() for name, key in KEYS.items()}
    with (tmp_path / file).open("r+") as edited:
        edited.seek(0, 2)
        edited.write("# edited\n")
    assert {name for name, key in KEYS.items() if key() != before[name]} == concerned
