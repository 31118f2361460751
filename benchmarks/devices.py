"""Examples a second of one device and of several, on JAX or torch.

One model a rule, on batches that were generated in memory: what is measured is `fit`, from the
arrays of a batch on, without reading and cutting data. Three settings take turns, in every round:

- one device, batches of B examples;
- one device, batches of N * B;
- N devices, batches of N * B, of which each has B.

The ratios are of the rounds: N devices to one at the same rows a device, and at the same batch.
The second and the third setting see the same batches from the same weights, so their losses are
equal up to rounding; both are printed.

    KERAS_BACKEND=jax python benchmarks/devices.py --devices 2
    KERAS_BACKEND=torch python benchmarks/devices.py --devices 2

Without as many devices, to see that it runs:

    KERAS_BACKEND=jax XLA_FLAGS=--xla_force_host_platform_device_count=8 \
        python benchmarks/devices.py --devices 8 --batch 16 --steps 2 --rounds 1 --rows 1000 --dim 8
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from importlib.metadata import version
from typing import Any, NamedTuple

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from infnet_keras.benchmark.setting import Setting as BenchmarkSetting
from infnet_keras.benchmark.shapes import SHAPES
from infnet_keras.benchmark.shapes import spec_of as shaped
from infnet_keras.devices.check_devices import check_devices
from infnet_keras.devices.processes import run_in_processes
from infnet_keras.devices.row_sharding import RowSharding
from infnet_keras.devices.share import ALL, set_share, share
from infnet_keras.devices.whole_batch import from_all_devices
from infnet_keras.devices.whole_model import distributed
from infnet_keras.models import from_spec
from infnet_keras.spec import FeatureSpec, load_spec, override_spec

RULES = ("dense", "adagrad_rowwise", "adam_lazy")


class Setting(NamedTuple):
    """What takes its turn: `devices` devices with `rows` examples of a batch each."""

    devices: int
    rows: int


class Measured(NamedTuple):
    """Seconds a step in each round, and the loss of the last one."""

    seconds: list[float]
    loss: float


class Batches(keras.utils.PyDataset):
    """Batches that are in memory."""

    def __init__(self, batches: list[Any]) -> None:
        super().__init__()
        self._batches = batches

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, index: int) -> Any:
        return self._batches[index]


def spec_of(options: argparse.Namespace, rule: str) -> FeatureSpec:
    """The spec `minimal` with a large table of items, or a shape of `infnet benchmark speed`."""
    changes = {
        "model.dropout": 0.0,  # which draws by process on torch: losses could not be compared
        "training.tables.optimizer": rule,
        "training.precision": options.precision,
    }
    if options.shape is not None:
        shape = BenchmarkSetting(options.shape, options.dim, options.batch)
        return override_spec(shaped(shape), changes)
    changes |= {"tables.item": {"size": options.rows}}
    changes |= {"defaults.dim": options.dim, "model.dim": options.dim}
    return override_spec(load_spec("minimal"), changes)


def made(spec: FeatureSpec) -> Any:
    """The model, with the same weights each time."""
    keras.utils.set_random_seed(0)
    return from_spec(spec)


def batches(model: Any, size: int, steps: int) -> Batches:
    """This process's share of the same batches each time."""
    own, found = share().rows(size), []
    for step in range(steps):
        draws = np.random.default_rng(step)
        inputs = random_ids(model, size, draws)
        labels = {task: draws.integers(0, 2, size).astype("float32") for task in model.tasks}
        found.append(
            ({n: v[own] for n, v in inputs.items()}, {n: v[own] for n, v in labels.items()})
        )
    return Batches(found)


def random_ids(model: Any, size: int, draws: np.random.Generator) -> dict[str, Any]:
    """Inputs of examples with full histories, whose values are all equally frequent."""
    found = {}
    for feature in model.embedded_inputs.features:
        shape = [size, *(n for n in (feature.length, feature.max_values) if n is not None)]
        found[feature.name] = draws.integers(1, model.table_rows[feature.table], shape, "int32")
    return found


def fit(model: Any, dataset: Batches) -> tuple[float, float]:
    """Seconds a step, and the mean loss."""
    start = time.perf_counter()
    history = model.fit(dataset, verbose=0, shuffle=False).history
    return (time.perf_counter() - start) / len(dataset), history["loss"][0]


def settings(options: argparse.Namespace) -> list[Setting]:
    several, rows = options.devices, options.batch
    return [Setting(1, rows), Setting(1, several * rows), Setting(several, rows)]


def on_jax(options: argparse.Namespace, rule: str) -> dict[Setting, Measured]:
    """All settings, in this process."""
    spec = spec_of(options, rule)
    sharding = RowSharding(keras.distribution.list_devices()[: options.devices])
    turns: dict[Setting, Callable[[], tuple[float, float]]] = {}
    for setting in settings(options):
        model = made(spec)
        dataset = batches(model, setting.devices * setting.rows, options.steps)
        if setting.devices == 1:
            turns[setting] = lambda model=model, dataset=dataset: fit(model, dataset)
            continue
        with sharding.scope():
            model = distributed(model)

        def fit_sharded(model: Any = model, dataset: Batches = dataset) -> tuple[float, float]:
            with sharding.scope():
                return fit(model, dataset)

        turns[setting] = fit_sharded
    found: dict[Setting, list[tuple[float, float]]] = {setting: [] for setting in turns}
    for _ in range(options.rounds + 1):  # the first compiles
        for setting, turn in turns.items():
            found[setting].append(turn())
    return {setting: measured(each) for setting, each in found.items()}


def measured(rounds: list[tuple[float, float]]) -> Measured:
    """Without the first round."""
    return Measured([seconds for seconds, _ in rounds[1:]], rounds[-1][1])


def on_torch(options: argparse.Namespace, rule: str) -> dict[Setting, Measured]:
    """All settings, in a process a device; the first one takes the turns of one device."""
    found: dict[Setting, Measured] = {}

    def hear(line: str) -> None:
        devices, rows, loss, *seconds = line.split()
        found[Setting(int(devices), int(rows))] = Measured(
            [float(each) for each in seconds], float(loss)
        )

    run_in_processes(options.devices, in_each_process, options, rule, say=hear)
    return found


def in_each_process(say: Callable[[str], None], options: argparse.Namespace, rule: str) -> None:
    """What every process does: together they train, alone the first one does."""
    together = share()
    spec = spec_of(options, rule)
    turns: dict[Setting, tuple[Any, Batches]] = {}
    for setting in settings(options):
        alone = setting.devices == 1
        if alone and together.rank > 0:
            continue
        set_share(ALL if alone else together)
        model = made(spec)
        if not alone:
            model.replicate()
        turns[setting] = model, batches(model, setting.devices * setting.rows, options.steps)
    found: dict[Setting, list[tuple[float, float]]] = {setting: [] for setting in turns}
    for _ in range(options.rounds + 1):
        for setting in settings(options):
            set_share(together)
            from_all_devices(None)  # the others wait while the first one takes its turn alone
            if setting in turns:
                set_share(ALL if setting.devices == 1 else together)
                found[setting].append(fit(*turns[setting]))
    set_share(together)
    if together.rank == 0:
        for setting, rounds in found.items():
            seconds, loss = measured(rounds)
            say(" ".join(map(repr, [*setting, loss, *seconds])))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--devices", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4096, help="examples a device")
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the table of items")
    parser.add_argument("--shape", choices=SHAPES, help="instead of `minimal`")
    parser.add_argument("--rules", nargs="+", choices=RULES, default=["dense", "adagrad_rowwise"])
    parser.add_argument("--precision", default="float32")
    parser.add_argument("--steps", type=int, default=50, help="of a turn")
    parser.add_argument("--rounds", type=int, default=7)
    options = parser.parse_args()
    backend = keras.backend.backend()
    check_devices(options.devices, options.devices * options.batch)
    print(
        f"{device_name(backend)}, {os.cpu_count()} cores, Python {platform.python_version()}, "
        f"keras {version('keras')}, {backend} {version(backend)}, {options.precision}, "
        f"dim {options.dim}, {options.shape or f'{options.rows:,} items'}, "
        f"{options.steps} steps a turn, "
        f"{options.rounds} rounds"
    )
    print(
        "| rule | devices | batch | ms a step | spread | examples/s | to one, same rows a device | "
        "to one, same batch | loss |"
    )
    print("|---|---|---|---|---|---|---|---|---|")
    for rule in options.rules:
        found = on_jax(options, rule) if backend == "jax" else on_torch(options, rule)
        for setting in settings(options):
            print(line_of(rule, setting, found), flush=True)


def line_of(rule: str, setting: Setting, found: dict[Setting, Measured]) -> str:
    """A row of the table; ratios are medians over the rounds."""
    seconds, loss = found[setting]
    size = setting.devices * setting.rows
    middle = statistics.median(seconds)
    spread = f"{min(seconds) * 1e3:.1f} .. {max(seconds) * 1e3:.1f}"
    ratios = ["-", "-"]
    if setting.devices > 1:
        ratios = [
            f"{statistics.median(ratio(found[other], other.rows, seconds, size)):.2f}"
            for other in (Setting(1, setting.rows), Setting(1, size))
        ]
    return (
        f"| {rule} | {setting.devices} | {size} | {middle * 1e3:.1f} | {spread} | "
        f"{size / middle:,.0f} | {ratios[0]} | {ratios[1]} | {loss:.6f} |"
    )


def ratio(one: Measured, one_size: int, several: list[float], size: int) -> list[float]:
    """Examples a second of several devices to those of one, round by round."""
    pairs = zip(one.seconds, several, strict=True)
    return [(size / theirs) / (one_size / its) for its, theirs in pairs]


def device_name(backend: str) -> str:
    """What the devices are."""
    if backend == "jax":
        import jax

        return str(jax.devices()[0].device_kind)
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else platform.machine()


if __name__ == "__main__":
    main()
