"""Batches over devices, tables by row: how a model lies on several devices of JAX."""

from collections.abc import Sequence

import keras

from infnet_keras.errors import ModelError


class RowSharding(keras.distribution.ModelParallel):
    """A `keras.distribution`: each device has a part of every batch and of every table's rows.

    What row-wise training keeps for a row, and the optimiser's moments of it, lie with the row; all
    other weights lie on every device. Tables are padded to a multiple of the devices by rows that
    no id reads. XLA adds what the lookups and their gradients send from device to device.

    Models are made in its scope. A batch has a multiple of `devices` rows.

    Args:
        devices: the devices, as `keras.distribution.list_devices` names them; None takes all.

    Raises:
        ModelError: the backend is not JAX.

    Example:
        >>> with RowSharding().scope():
        ...     model = from_spec("minimal")
        ...     model.fit(ImpressionDataset(prepared, "train", 1024, shuffle=True))
    """

    def __init__(self, devices: Sequence[str] | None = None) -> None:
        if keras.backend.backend() != "jax":
            raise ModelError(
                f"Keras shards tables on JAX alone, not on {keras.backend.backend()}: choose the "
                "backend jax"
            )
        names = list(keras.distribution.list_devices() if devices is None else devices)
        mesh = keras.distribution.DeviceMesh((len(names),), ["batch"], names)
        layouts = keras.distribution.LayoutMap(mesh)
        layouts[r"(.*/)?tables_\d+"] = ("batch",)  # EmbeddingTables' weights
        layouts[r"(.*/)?row_updates/.*"] = ("batch",)
        super().__init__(layout_map=layouts, batch_dim_name="batch")


def padded_rows(rows: int) -> int:
    """How many rows a table has in the present distribution: each device has equally many."""
    distribution = keras.distribution.distribution()
    if not isinstance(distribution, RowSharding):
        return rows
    devices: int = distribution.num_model_replicas
    return -(-rows // devices) * devices
