"""A study of a small log, shared by its tests."""

from pathlib import Path

import pytest
import yaml
from tiny_log import SPEC, write_log

from infnet_keras.data import prepare
from infnet_keras.spec import spec_from_dict

SMALL = {
    **SPEC,
    "training": {**SPEC["training"], "epochs": 1, "evaluations_per_epoch": 2},
    "weighting": "fixed",
}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data: 480 impressions to train on (8 batches), 60 to validate, 60 to test."""
    directory = tmp_path_factory.mktemp("study")
    write_log(directory / "raw", 600)
    out = directory / "data"
    prepare(spec_from_dict(SMALL), directory / "raw", out, valid_from=0.8, test_from=0.9)
    return out


@pytest.fixture
def study_file(tmp_path: Path) -> Path:
    """A study of two models and two seeds, beside its spec."""
    (tmp_path / "tiny.yaml").write_text(yaml.safe_dump(SMALL, sort_keys=False))
    study = {
        "name": "two",
        "spec": "tiny.yaml",
        "seeds": [0, 1],
        "models": {"infnet": {}, "shared_bottom": {"set": {"model.bottom_hidden": [8]}}},
        "timing": {"batch_size": 30, "candidates": 10, "rounds": 2},
        "bootstrap": 20,
    }
    path = tmp_path / "study.yaml"
    path.write_text(yaml.safe_dump(study, sort_keys=False))
    return path
