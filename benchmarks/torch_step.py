"""A whole training step on torch and one GPU: as Keras runs it, and recorded as a CUDA graph.

Both take turns in every round, on the same batches; before that, both train a few steps from the
same weights, and their losses are compared. "x" is the time as a multiple of three readings of the
sequence tokens a block at the card's copy bandwidth; "kernels" is the time in which the device
computes, by torch's profiler.

    KERAS_BACKEND=torch python benchmarks/torch_step.py
"""

import argparse
import platform
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import keras
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parent))
from backbone import Setting, build, copy_bandwidth

from infnet_keras.models import INFNet
from infnet_keras.models.optimizer import build_optimizer

ROWS = 1000
SETTINGS = [
    Setting(32, 20, 3, "mixed_bfloat16", True),
    Setting(64, 20, 3, "mixed_bfloat16", True),
    Setting(64, 100, 3, "mixed_bfloat16", True),
    Setting(64, 100, 3, "float32", True),
]


def model_of(setting: Setting, cuda_graph: bool) -> Any:
    """The whole model, with tables and an optimiser."""
    spec = build(setting).spec
    keras.utils.set_random_seed(0)
    model = INFNet(spec, dict.fromkeys(spec.all_tables, ROWS), dtype=setting.precision)
    model.build()
    model.compile(build_optimizer(spec.training, 1000))
    model.cuda_graph = cuda_graph
    model.make_train_function()
    return model


def batches(spec: Any, size: int, count: int) -> Iterator[Any]:
    """Random batches on the device, histories 80 % full."""
    random = np.random.default_rng(0)
    for _ in range(count):
        x = {name: random.integers(1, ROWS, size) for name in spec.fields}
        for feature in spec.sequence_features:
            ids = random.integers(1, ROWS, (size, feature.length))
            ids[np.arange(feature.length) >= random.integers(1, feature.length + 1, (size, 1))] = 0
            x[feature.name] = ids
        y = {task: random.integers(0, 2, size).astype("float32") for task in spec.tasks}
        inputs = {name: torch.as_tensor(ids.astype("int32")).cuda() for name, ids in x.items()}
        labels = {name: torch.as_tensor(label).cuda() for name, label in y.items()}
        yield [(inputs, labels)]


def timed(run: Callable[[], Any]) -> float:
    torch.cuda.synchronize()
    start = time.perf_counter()
    run()
    torch.cuda.synchronize()
    return (time.perf_counter() - start) * 1e3


def kernel_time(run: Callable[[], Any]) -> float:
    """Milliseconds in which the device computes."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CUDA]) as profile:
        run()
        torch.cuda.synchronize()
    return sum(each.self_device_time_total for each in profile.key_averages()) / 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--settings", type=int, nargs="+", default=list(range(len(SETTINGS))))
    options = parser.parse_args()
    bandwidth = copy_bandwidth()
    print(
        f"Python {platform.python_version()}, keras {version('keras')}, torch {version('torch')}, "
        f"{torch.cuda.get_device_name()}, copies at {bandwidth / 1e9:,.0f} GB/s, "
        f"batch {options.batch}"
    )
    print("| dim | tokens | precision | step | ms | spread | x | kernels ms | GB |", flush=True)
    print("|---|---|---|---|---|---|---|---|---|")
    for number in options.settings:
        setting = SETTINGS[number]
        data = list(batches(build(setting).spec, options.batch, 2))
        models = {name: model_of(setting, name == "graph") for name in ("eager", "graph")}
        losses: dict[str, list[float]] = {}
        for name, model in models.items():
            logs = [model.train_function(data[step % 2]) for step in range(8)]
            losses[name] = [float(each["loss"]) for each in logs]
        times: dict[str, list[float]] = {name: [] for name in models}
        for _ in range(options.rounds):
            for name, model in models.items():
                times[name].append(timed(partial(model.train_function, data[0])))
        item = 4 if setting.precision == "float32" else 2
        read = options.batch * setting.length * 28 * setting.dim * item / bandwidth * 1e3
        for name, model in models.items():
            torch.cuda.reset_peak_memory_stats()
            kernels = kernel_time(partial(model.train_function, data[0]))
            peak = torch.cuda.max_memory_allocated() / 1e9
            middle = statistics.median(times[name])
            print(
                f"| {setting.dim} | {setting.length * 28} | {setting.precision} | {name} | "
                f"{middle:.2f} | {min(times[name]):.2f} .. {max(times[name]):.2f} | "
                f"{middle / (read * setting.blocks * 3):.2f} | {kernels:.2f} | {peak:.2f} |",
                flush=True,
            )
        print(
            "losses:", {name: [round(each, 5) for each in found] for name, found in losses.items()}
        )


if __name__ == "__main__":
    main()
