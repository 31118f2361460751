"""Prepared data of a small log, shared by the tests of training."""

from pathlib import Path

import pytest
from tiny_log import SPEC, write_log

from infnet_keras.data import PreparedData, prepare
from infnet_keras.spec import FeatureSpec, spec_from_dict


@pytest.fixture(scope="session")
def spec() -> FeatureSpec:
    return spec_from_dict(SPEC)


@pytest.fixture(scope="session")
def data(tmp_path_factory: pytest.TempPathFactory, spec: FeatureSpec) -> Path:
    """Prepared data: 480 impressions to train on (8 batches), 60 to validate, 60 to test."""
    directory = tmp_path_factory.mktemp("tiny")
    write_log(directory / "raw", 600)
    prepare(spec, directory / "raw", directory / "data", valid_from=0.8, test_from=0.9)
    assert PreparedData.open(directory / "data").count("train") == 480
    return directory / "data"
