"""Every baseline learns what is planted in a generated log, in a short training."""

import keras
import pytest

from infnet_keras.data import ImpressionReader, PreparedData, generate, prepare
from infnet_keras.metrics.auc import auc
from infnet_keras.models import from_spec
from infnet_keras.spec import load_spec

COMMON = {"dim": 8, "tower_hidden": [16]}
SMALL = {
    "dcnv2": {"rank": 8, "experts": 2, "deep_hidden": [32]},
    "fm": {},
    "din": {"attention_hidden": [8], "deep_hidden": [32]},
    "dien": {"deep_hidden": [32]},
    "gdcn": {"deep_hidden": [32]},
    "hstu": {},
    "wukong": {"layers": 2, "fm_vectors": 4, "linear_vectors": 4, "rank": 4, "fm_hidden": [16]},
}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    root = tmp_path_factory.mktemp("signal")
    spec = load_spec("minimal")
    made = generate(spec, root / "raw", users=100, events=6000, seed=3)
    prepare(spec, root / "raw", root / "data", made.valid_from, made.test_from)
    return PreparedData.open(root / "data")


@pytest.mark.parametrize("name", SMALL)
def test_it_ranks_unseen_impressions(name, data):
    keras.utils.set_random_seed(0)
    options = {"model.type": name, "training.learning_rate": 0.01}
    options |= {f"model.{key}": value for key, value in {**COMMON, **SMALL[name]}.items()}
    model = from_spec(data.spec, data, **options)
    train = ImpressionReader(data, "train", 10_000).batch(0)
    model.fit(train.inputs, train.labels, batch_size=256, epochs=3, verbose=0)
    unseen = ImpressionReader(data, "valid", 10_000).batch(0)
    answers = model.predict(unseen.inputs, batch_size=1024, verbose=0)
    found = {task: auc(unseen.labels[task], answers[task]) for task in model.tasks}
    assert sum(found.values()) / len(found) > 0.65, found
