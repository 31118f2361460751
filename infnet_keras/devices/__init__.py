"""One training on several devices: batches shared out, tables by row, processes on torch."""

from infnet_keras.devices.check_devices import check_devices
from infnet_keras.devices.row_sharding import RowSharding
from infnet_keras.devices.share import Share, share

__all__ = ["RowSharding", "Share", "check_devices", "share"]
