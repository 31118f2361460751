"""What a fit costs: seconds of its epochs over all its sessions, and the model's parameters."""

import math
import time
from pathlib import Path
from typing import Any

import keras

from infnet_keras.runs.run_files import read_json, write_json


class MeasureFit(keras.callbacks.Callback):
    """Writes seconds and parameters into a file when an epoch ends.

    Seconds are wall time, of training and evaluations. An epoch that a kill interrupted counts once
    it was done again. Parameters are those that training moves, tables and the rest.

    Args:
        path: the JSON file.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._found: dict[str, Any] = read_json(path) or {"seconds": {}}
        self._began = 0.0

    @property
    def measures(self) -> dict[str, Any]:
        """JSON data: seconds, parameters, parameters_outside_tables."""
        return {**self._found, "seconds": round(sum(self._found["seconds"].values()), 3)}

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.monotonic()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        tables = self.model.embedded_inputs.weights_read.values()
        own = {id(table) for table in tables}
        outside = sum(
            math.prod(v.shape) for v in self.model.trainable_variables if id(v) not in own
        )
        self._found["parameters_outside_tables"] = outside
        self._found["parameters"] = outside + sum(math.prod(table.shape) for table in tables)
        self._found["seconds"][str(epoch + 1)] = round(time.monotonic() - self._began, 3)
        write_json(self._path, self._found)
