"""Time of a training step and memory, against the rows of an embedding table.

One table has R rows; every batch reads the same number of different rows whatever R
is. Models of all sizes and rules take turns in one process; memory is measured in a process for
each: what the peak of a training step adds, from the smallest table to the others, as a multiple of
the bytes that the table itself adds.

    KERAS_BACKEND=jax python benchmarks/table_rows.py --rows 100000 10000000
    KERAS_BACKEND=jax python benchmarks/table_rows.py --rows 100000 100000000 --hash \
        --rules adagrad_rowwise
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RULES = ("dense", "adagrad_rowwise", "adam_lazy")
BATCH, STEPS, DIFFERENT = 1024, 8, 5000


def build(rows: int, rule: str, width: int, hashed: bool) -> tuple[Any, Any, Any]:
    """A model, and batches that read `DIFFERENT` rows of its large table."""
    import numpy as np

    from infnet_keras.models import from_spec
    from infnet_keras.spec import load_spec, override_spec
    from infnet_keras.testing import random_inputs

    changes = {
        "tables": {
            "item": {"hash": rows, "vocabulary": None, "size": None} if hashed else {"size": rows},
        },
        "defaults.dim": width,
        "model.dim": width,
        "training.tables.optimizer": rule,
    }
    spec = override_spec(load_spec("minimal"), changes)
    model: Any = from_spec(spec)
    inputs = random_inputs(spec, model.table_rows, BATCH * STEPS)
    draws = np.random.default_rng(0)
    read = 2 + draws.choice(rows - 2, DIFFERENT, replace=False).astype("int32")
    for name in ("item", "view__item", "click__item"):
        ids = inputs[name]
        inputs[name] = np.where(ids == 0, 0, read[ids % DIFFERENT])
    labels = {t: draws.integers(0, 2, BATCH * STEPS).astype("float32") for t in model.tasks}
    return model, inputs, labels


def fit(model: Any, inputs: Any, labels: Any) -> float:
    """Seconds a step."""
    start = time.perf_counter()
    model.fit(inputs, labels, batch_size=BATCH, shuffle=False, verbose=0)
    return (time.perf_counter() - start) / STEPS


def peak_of_a_step(rows: int, rule: str, width: int, hashed: bool) -> int:
    """Bytes that the process holds at the most while it trains, once everything is built."""
    model, inputs, labels = build(rows, rule, width, hashed)
    fit(model, inputs, labels)
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    fit(model, inputs, labels)
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 10_000_000])
    parser.add_argument("--rules", nargs="+", choices=RULES, default=list(RULES))
    parser.add_argument("--width", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--hash", action="store_true", help="a hash table, not a vocabulary")
    parser.add_argument("--peak", action="store_true", help="print one model's peak and end")
    parser.add_argument(
        "--without-memory", action="store_true", help="leave out the peaks, which are the host's"
    )
    options = parser.parse_args()
    if options.peak:
        print(peak_of_a_step(options.rows[0], options.rules[0], options.width, options.hash))
        return
    import keras

    backend = keras.backend.backend()
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}, ",
        end="",
    )
    print(f"keras {version('keras')}, {backend} {version(backend)}, width {options.width}")
    keys = [(rule, rows) for rule in options.rules for rows in options.rows]
    models = {key: build(key[1], key[0], options.width, options.hash) for key in keys}
    times: dict[tuple[str, int], list[float]] = {key: [] for key in keys}
    for _ in range(options.rounds + 1):  # the first round compiles
        for key in keys:
            times[key].append(fit(*models[key]))
    print(
        "| rule | rows | ms a step | spread | to the smallest | peak, MB | of the table's bytes |"
    )
    print("|---|---|---|---|---|---|---|")
    smallest = options.rows[0]
    for rule in options.rules:
        peaks = {}
        if not options.without_memory:
            peaks = {rows: peak(rule, rows, options.width, options.hash) for rows in options.rows}
        for rows in options.rows:
            steps = times[rule, rows][1:]
            ratio = statistics.median(
                one / other for one, other in zip(steps, times[rule, smallest][1:], strict=True)
            )
            share = "-"
            if peaks and rows != smallest:
                of_the_table = (rows - smallest) * options.width * 4
                share = f"{(peaks[rows] - peaks[smallest]) / of_the_table:.2f}"
            spread = f"{min(steps) * 1e3:.0f} .. {max(steps) * 1e3:.0f}"
            print(
                f"| {rule} | {rows:,} | {statistics.median(steps) * 1e3:.1f} | {spread} | "
                f"{ratio:.2f} | {f'{peaks[rows] / 1e6:,.0f}' if peaks else '-'} | {share} |"
            )


def peak(rule: str, rows: int, width: int, hashed: bool) -> int:
    """As `peak_of_a_step`, in a process of its own."""
    command = [sys.executable, __file__, "--peak", "--rules", rule, "--rows", str(rows)]
    command += ["--width", str(width), *(["--hash"] if hashed else [])]
    done = subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE)
    return int(done.stdout.split()[-1])


if __name__ == "__main__":
    main()
