"""Trains on eight devices of JAX that the processor plays: `python eight_devices.py DATA FOLDER`.

A process decides how many devices it has before JAX starts, so this is one of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

import keras
from tiny_log import SPEC

from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.models import from_spec
from infnet_keras.spec import FeatureSpec, override_spec, spec_from_dict
from infnet_keras.training import train

# The last of eight batches has half of the rows. Dropout draws for the whole batch.
RUNS: dict[str, dict[str, Any]] = {
    "dense": {"model": {"type": "shared_bottom"}, "training.redraw_tables": True},
    "adagrad_rowwise": {"training.l2": 0.01},
    "adam_lazy": {"model": {"type": "shared_bottom"}},
}


def spec_of(run: str) -> FeatureSpec:
    """The spec of a run."""
    changes = {"training.batch_size": 64, "training.epochs": 2, "training.tables.optimizer": run}
    return override_spec(spec_from_dict(SPEC), {**changes, **RUNS[run]})


class StopAfterFirst(keras.callbacks.Callback):
    """Ends a run as its second epoch begins."""

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            raise KeyboardInterrupt


class WhereTablesLie(keras.callbacks.Callback):
    """Writes the shape of each table, and of what lies on each device, after an epoch."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        found = {}
        for variable in [*self.model.variables, *self.model.optimizer.variables]:
            shards = variable.value.addressable_shards
            found[variable.path] = {
                "shape": variable.shape,
                "shards": [shard.data.shape for shard in shards],
                "devices": len({shard.device for shard in shards}),
            }
        self._path.write_text(json.dumps(found))


def losses_of_a_users_own_fit(data: Path) -> list[float]:
    """Of a fit under Keras' `DataParallel`, or on one device."""
    keras.utils.set_random_seed(0)
    prepared = PreparedData.open(data)
    spec = override_spec(spec_of("dense"), {"training.schedule.decay": "constant"})
    model = from_spec(spec, data=prepared)
    dataset = ImpressionDataset(prepared, "train", 64, fill_last_batch=True)
    losses: list[float] = model.fit(dataset, verbose=0, epochs=2).history["loss"]
    return losses


def main(data: Path, folder: Path) -> None:
    for run in RUNS:
        where = WhereTablesLie(folder / f"{run}.json")
        train(spec_of(run), data, folder / run, devices=8, callbacks=[where])
    spec = spec_of("adam_lazy")
    try:
        train(spec, data, folder / "interrupted", devices=8, callbacks=[StopAfterFirst()])
    except KeyboardInterrupt:
        print("interrupted")
    train(spec, data, folder / "continued", devices=8)
    four = keras.distribution.DataParallel(devices=keras.distribution.list_devices()[:4])
    with four.scope():
        (folder / "own_fit.json").write_text(json.dumps(losses_of_a_users_own_fit(data)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
