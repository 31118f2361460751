"""A spec whose `tuning` block is searched on a small log, shared by its tests."""

from pathlib import Path

import pytest
import yaml
from tiny_log import SPEC, write_log

from infnet_keras.data import prepare
from infnet_keras.spec import spec_from_dict

TUNED = {
    **SPEC,
    "training": {**SPEC["training"], "epochs": 1, "evaluations_per_epoch": 2},
    "tuning": {
        "trials": 3,
        "search": {
            "training.learning_rate": {"low": 0.001, "high": 0.1, "scale": "log"},
            "model.categorical_proxies": {"choices": [2, 3]},
        },
    },
}


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data: 480 impressions to train on (8 batches), 60 to validate, 60 to test."""
    directory = tmp_path_factory.mktemp("tuning")
    write_log(directory / "raw", 600)
    out = directory / "data"
    prepare(spec_from_dict(TUNED), directory / "raw", out, valid_from=0.8, test_from=0.9)
    return out


@pytest.fixture
def spec_file(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.yaml"
    path.write_text(yaml.safe_dump(TUNED, sort_keys=False))
    return path
