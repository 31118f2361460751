"""Whether a training can be shared out to so many devices."""

import keras

from infnet_keras.errors import ModelError


def check_devices(devices: int, batch_size: int) -> None:
    """Refuse a number of devices that this machine or the batches do not have.

    Args:
        devices: how many are asked for.
        batch_size: rows of a batch.

    Raises:
        ModelError: so many devices are not there, or cannot have equal parts of a batch; the
            backend trains on one.
    """
    if devices == 1:
        return
    if devices < 1:
        raise ModelError(f"a training takes one device at least, not {devices}")
    backend = keras.backend.backend()
    if backend not in ("jax", "torch"):
        raise ModelError(
            f"{backend} trains on one device here, not on {devices}: choose the backend jax or "
            "torch"
        )
    there, kind = _devices_of_jax() if backend == "jax" else _devices_of_torch(devices)
    if devices > there:
        named = f"{there} {kind}" + ("" if there == 1 else "s")
        hint = (
            f"; XLA_FLAGS=--xla_force_host_platform_device_count={devices} makes it look like "
            f"{devices}, to try things out"
            if kind == "CPU"
            else ""
        )
        raise ModelError(f"{devices} devices are asked for, {backend} finds {named}{hint}")
    if batch_size % devices:
        above = -(-batch_size // devices) * devices
        raise ModelError(
            f"training.batch_size is {batch_size}, which {devices} devices cannot share equally: "
            f"make it a multiple of {devices}, such as {above}"
        )


def _devices_of_jax() -> tuple[int, str]:
    names = keras.distribution.list_devices()
    return len(names), names[0].partition(":")[0].upper()


def _devices_of_torch(devices: int) -> tuple[int, str]:
    import torch

    if torch.cuda.is_available():
        return torch.cuda.device_count(), "GPU"
    return devices, "CPU"  # as many processes as one likes
