"""Real prepared data."""

import pytest

from infnet_keras.data.generated.generate import generate
from infnet_keras.data.preparation.prepare import prepare
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.spec import load_spec


@pytest.fixture(scope="session")
def prepared(tmp_path_factory):
    """Generated logs of the minimal spec, prepared."""
    root = tmp_path_factory.mktemp("prepared")
    spec = load_spec("minimal")
    made = generate(spec, root / "raw", users=40, events=1200, seed=3)
    prepare(spec, root / "raw", root / "data", made.valid_from, made.test_from)
    return PreparedData.open(root / "data")
