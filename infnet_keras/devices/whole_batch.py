"""What all devices hold of a batch together, as each of them sees it.

Keras' JAX backend sees whole batches on any number of devices. On torch each process sees its
share, and the mean over the labels of a batch is not the mean of those over its shares. So every
loss is computed in every process from the whole batch: what it reads of an example comes through
here. In one process nothing happens here.
"""

from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from infnet_keras.devices.share import share


def whole_batch(part: Any) -> Any:
    """The rows of all processes, one process after the other; differentiable.

    The gradient of what a process computes from the whole batch flows to its own rows, times the
    number of processes: all compute the same, and the mean of their gradients is taken later (by
    `DistributedDataParallel`, by `mean_over_devices`).

    Args:
        part: [rows, ...], equally many rows in every process.

    Returns:
        [devices * rows, ...].

    Example:
        >>> keras.ops.convert_to_numpy(whole_batch(np.array([3, 1]))).tolist()  # of one process
        [3, 1]
    """
    if share().devices == 1:
        return part
    from infnet_keras.devices.torch_collectives import WholeBatch

    return WholeBatch.apply(ops.convert_to_tensor(part))


def whole_batches(parts: Mapping[str, Any]) -> dict[str, Any]:
    """As `whole_batch`, of several float arrays [rows] of one dtype in one message."""
    if share().devices == 1:
        return dict(parts)
    stacked = whole_batch(ops.stack([ops.convert_to_tensor(p) for p in parts.values()], axis=1))
    return {name: stacked[:, index] for index, name in enumerate(parts)}


def own_share(whole: Any) -> Any:
    """This process's rows of what all hold: [devices * rows, ...] -> [rows, ...]."""
    return whole if share().devices == 1 else whole[share().rows(whole.shape[0])]


def mean_over_devices(value: Any) -> Any:
    """The mean of what the processes hold, bit for bit the same in all of them.

    Args:
        value: float [...], of one shape in every process; it may be overwritten.
    """
    if share().devices == 1:
        return value
    from infnet_keras.devices.torch_collectives import mean_over_processes

    return mean_over_processes(value)


def from_all_devices(value: Any) -> list[Any]:
    """What every process gives, in their order: any Python value, as `pickle` carries it."""
    if share().devices == 1:
        return [value]
    from infnet_keras.devices.torch_collectives import from_all_processes

    return from_all_processes(value)


def on_all_devices(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A batch, of which each device of the present `keras.distribution` has a part.

    `fit` does so by itself, `predict_on_batch` gives every device all of it. So does this where
    the devices cannot share the batch equally.

    Args:
        inputs: arrays [batch, ...] by name.
    """
    distribution = keras.distribution.distribution()
    rows = len(next(iter(inputs.values())))
    if distribution is None or rows % distribution.num_model_replicas:
        return dict(inputs)
    return {
        name: keras.distribution.distribute_tensor(
            values, distribution.get_data_layout(values.shape)
        )
        for name, values in inputs.items()
    }
