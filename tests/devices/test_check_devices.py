"""A number of devices that cannot be is refused with a sentence."""

import keras
import pytest

from infnet_keras.devices.check_devices import check_devices
from infnet_keras.devices.row_sharding import RowSharding
from infnet_keras.errors import ModelError


def test_one_device_is_always_there():
    check_devices(1, 7)


def test_no_device_is_refused():
    with pytest.raises(ModelError, match="one device at least, not 0"):
        check_devices(0, 8)


@pytest.mark.backend("tensorflow")
def test_tensorflow_trains_on_one():
    with pytest.raises(ModelError, match=r"tensorflow trains on one device here.*jax or torch"):
        check_devices(2, 8)


@pytest.mark.backend("jax")
def test_devices_that_are_not_there():
    there = len(keras.distribution.list_devices())
    with pytest.raises(
        ModelError, match=f"{there + 1} devices are asked for, jax finds {there} CP"
    ):
        check_devices(there + 1, 8 * (there + 1))


@pytest.mark.backend("torch")
def test_a_batch_that_devices_cannot_share():
    with pytest.raises(ModelError, match=r"batch_size is 60, .* multiple of 8, such as 64"):
        check_devices(8, 60)
    check_devices(8, 64)


@pytest.mark.backend("tensorflow", "torch")
def test_tables_are_sharded_on_jax_alone():
    with pytest.raises(ModelError, match="shards tables on JAX alone"):
        RowSharding()
