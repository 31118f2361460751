"""What it costs a training step that its progress is shown.

Epochs of one model with and without `EpochProgress`, in turns, in one process. Other programs take
their turns too: the processor time of this process is compared beside the time that passed.

    python benchmarks/progress_cost.py --data data --rounds 20 --set model.dim=16
"""

import argparse
import io
import os
import statistics
import time
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
from rich.console import Console

from infnet_keras.cli.spec_arguments import add_set, add_spec, resolved_spec
from infnet_keras.data import PreparedData
from infnet_keras.data.prepared.dataset import ImpressionDataset
from infnet_keras.models import from_spec
from infnet_keras.progress import Progress
from infnet_keras.training.epoch_progress import EpochProgress
from infnet_keras.training.stop_on_nan import StopOnNaN

KINDS = ("nothing", "a file", "a terminal")


def main() -> None:
    """Print, for a file and for a terminal, the median ratio of an epoch to one without."""
    parser = argparse.ArgumentParser(description=__doc__)
    add_spec(parser)
    add_set(parser)
    parser.add_argument("--data", required=True)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    spec = resolved_spec(options.spec, options.set)
    data = PreparedData.open(options.data)
    model: Any = from_spec(spec, data=data)
    batches = ImpressionDataset(
        data, "train", spec.training.batch_size, shuffle=True, fill_last_batch=True
    )
    times: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
    for _ in range(options.rounds + 1):
        for kind in KINDS:
            times[kind].append(epoch(model, batches, kind, spec.training.batch_size))
    steps = len(batches)
    print(f"{keras.backend.backend()}, {steps} steps an epoch, {options.rounds} rounds")
    for kind in KINDS:
        # The first round compiles.
        wall, cpu = ([t[i] for t in times[kind][1:]] for i in (0, 1))
        bare = times["nothing"][1:]
        ratios = [
            statistics.median(
                mine[i] / his[i] for mine, his in zip(times[kind][1:], bare, strict=True)
            )
            for i in (0, 1)
        ]
        print(
            f"{kind:<11} step {1e3 * statistics.median(wall) / steps:8.3f} ms, processor "
            f"{1e3 * statistics.median(cpu) / steps:8.3f} ms, of one that shows nothing "
            f"{ratios[0]:.4f} and {ratios[1]:.4f}"
        )


def epoch(model: Any, batches: Any, kind: str, batch_size: int) -> tuple[float, float]:
    """Seconds of one epoch: that passed, and of the processor."""
    callbacks: list[Any] = [StopOnNaN()]
    if kind != "nothing":
        console = Console(file=io.StringIO(), force_terminal=kind == "a terminal", width=100)
        callbacks.append(EpochProgress(Progress(console), batch_size))
    start, cpu = time.perf_counter(), time.process_time()
    model.fit(batches, verbose=0, callbacks=callbacks, shuffle=False)
    for callback in callbacks[1:]:
        callback.close()
    return time.perf_counter() - start, time.process_time() - cpu


if __name__ == "__main__":
    main()
