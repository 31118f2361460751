from pathlib import Path

import keras
import numpy as np
import pytest

from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.training.seed_epoch import SeedEpoch


@pytest.fixture
def dataset(data: Path) -> ImpressionDataset:
    return ImpressionDataset(PreparedData.open(data), "train", 60, shuffle=True, seed=5)


def drawn(model: keras.Model, dataset: ImpressionDataset, seed: int, epoch: int) -> list[object]:
    """What two dropouts leave in two steps, and the first batch, of an epoch."""
    callback = SeedEpoch(dataset, seed)
    callback.set_model(model)
    callback.on_epoch_begin(epoch)
    steps = [keras.ops.convert_to_numpy(model(np.ones((4, 50)), training=True)) for _ in range(2)]
    assert not np.array_equal(*steps)
    inputs, _ = dataset[0]
    return [step.tolist() for step in steps] + [inputs["item"].tolist()]


def test_an_epoch_draws_the_same_in_every_process(
    dataset: ImpressionDataset, tmp_path: Path
) -> None:
    model = keras.Sequential(
        [keras.Input((50,)), keras.layers.Dropout(0.5), keras.layers.Dropout(0.5)]
    )
    expected = drawn(model, dataset, 5, 3)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    dataset.on_epoch_end()
    assert drawn(loaded, dataset, 5, 3) == expected
    for seed, epoch in ((5, 2), (6, 3)):
        others = drawn(loaded, dataset, seed, epoch)
        assert others[0] != expected[0]
        assert (others[2] == expected[2]) == (epoch == 3)  # the data set has its own seed
