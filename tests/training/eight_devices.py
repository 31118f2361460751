"""Trains on eight devices of JAX that the processor plays: `python eight_devices.py DATA FOLDER`.

A process decides how many devices it has before JAX starts, so this is one of its own.
"""

import json
import sys
from pathlib import Path
from typing import Any

import jax
import keras
import numpy as np
from tiny_log import SPEC

from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.devices.row_sharding import RowSharding
from infnet_keras.devices.whole_batch import on_all_devices
from infnet_keras.models import from_spec
from infnet_keras.spec import FeatureSpec, override_spec, spec_from_dict
from infnet_keras.testing import random_inputs
from infnet_keras.training import train

# Without a history INFNet is compiled in half the time.
DOCUMENT = {key: value for key, value in SPEC.items() if key != "sequences"}
LARGE = 4000
# The last of eight batches has half of the rows. Dropout draws for the whole batch.
RUNS: dict[str, dict[str, Any]] = {
    "dense": {"training.redraw_tables": True},
    "adagrad_rowwise": {"model": {"type": "shared_bottom"}, "training.l2": 0.01},
}


def spec_of(run: str) -> FeatureSpec:
    """The spec of a run."""
    changes = {"training.batch_size": 64, "training.epochs": 2, "training.tables.optimizer": run}
    return override_spec(spec_from_dict(DOCUMENT), {**changes, **RUNS[run]})


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
    spec = override_spec(spec_of("adagrad_rowwise"), {"training.schedule.decay": "constant"})
    model = from_spec(spec, data=prepared)
    dataset = ImpressionDataset(prepared, "train", 64, fill_last_batch=True)
    losses: list[float] = model.fit(dataset, verbose=0, epochs=2).history["loss"]
    return losses


def program_of_a_step() -> str:
    """What XLA makes of a step whose batch reads a small part of a large table."""
    changes = {
        "model": {"type": "shared_bottom", "bottom_hidden": [4]},
        "tables.item.size": LARGE,
        "fields.user.size": 30,
        "training.tables.optimizer": "adagrad_rowwise",
        "training.schedule.decay": "constant",
    }
    with RowSharding().scope():
        model = from_spec(override_spec(spec_from_dict(DOCUMENT), changes))
        inputs = random_inputs(model.spec, model.table_rows, 16)
        labels = {task: np.ones(16, "float32") for task in model.tasks}
        model.train_on_batch(inputs, labels)
        variables = (
            model.trainable_variables,
            model.non_trainable_variables,
            model.optimizer.variables,
            model.metrics_variables,
        )
        state = tuple([variable.value for variable in part] for part in variables)
        stays = jax.tree.map(lambda value: value.sharding, state)
        step = jax.jit(model.train_step, donate_argnums=0, out_shardings=(None, stays))
        data = on_all_devices(inputs), on_all_devices(labels)
        return str(step.lower(state, data).compile().as_text())


def main(data: Path, folder: Path) -> None:
    (folder / "step.hlo").write_text(program_of_a_step())
    for run in RUNS:
        where = WhereTablesLie(folder / f"{run}.json")
        train(spec_of(run), data, folder / run, devices=8, callbacks=[where])
    spec = spec_of("adagrad_rowwise")
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
