"""A batch that is brought to a device as one piece is the same batch."""

import numpy as np
import pytest

from infnet_keras.devices.one_copy import gpu_of_torch, in_one_copy

pytestmark = pytest.mark.backend("torch")


def test_shapes_types_and_values_stay():
    import torch

    draws = np.random.default_rng(0)
    ids = draws.integers(0, 9, (3, 7)).astype("int32")
    batch = (
        {
            "field": ids[0],
            "bucketed": (draws.integers(0, 9, (2, 3)), ids),
            "transposed": ids.T,
            "empty": np.zeros((0, 3), "int32"),
        },
        {"label": np.array([0.0, np.nan, 1.0], "float32"), "number": draws.random(2)},
        {"mask": draws.random(3) < 0.5, "there": torch.arange(3), "none": None},
    )
    found = in_one_copy(batch, "cpu")
    assert found[2]["there"] is batch[2]["there"]
    assert found[2]["none"] is None
    pairs = [
        *((found[0][name], batch[0][name]) for name in ("field", "transposed", "empty")),
        *zip(found[0]["bucketed"], batch[0]["bucketed"], strict=True),
        *((found[1][name], batch[1][name]) for name in ("label", "number")),
        (found[2]["mask"], batch[2]["mask"]),
    ]
    for tensor, array in pairs:
        assert tensor.numpy().dtype == array.dtype
        np.testing.assert_array_equal(tensor.numpy(), array)
    assert len({tensor.untyped_storage().data_ptr() for tensor, _ in pairs}) == 1
    assert {(tensor.storage_offset() * tensor.itemsize) % 256 for tensor, _ in pairs} == {0}


def test_on_a_processor_nothing_is_brought():
    import torch

    assert (gpu_of_torch() is not None) == torch.cuda.is_available()


def test_a_fit_reads_the_same_batches(monkeypatch):
    """The thread that reads ahead brings them; who asks outside of an epoch has arrays."""
    import torch

    from infnet_keras.data.prepared import dataset

    class Reader:
        buckets = None

        def __len__(self):
            return 3

        def batch(self, index, epoch=0):
            from infnet_keras.data.prepared.batch import Batch

            ids = np.arange(4, dtype="int32") + 10 * index
            return Batch({"item": ids}, {"click": ids.astype("float32")}, ids.astype("int64"))

    class Data:
        def reader(self, *given):
            return Reader()

    monkeypatch.setattr(dataset, "gpu_of_torch", lambda: torch.device("cpu"))
    given = dataset.ImpressionDataset(Data(), "train", 4)
    assert isinstance(given[0][0]["item"], np.ndarray)
    given.on_epoch_begin()
    read = [given[index] for index in range(3)]
    given.on_epoch_end()
    assert isinstance(read[1][0]["item"], torch.Tensor)
    assert [batch[0]["item"][0].item() for batch in read] == [0, 10, 20]
