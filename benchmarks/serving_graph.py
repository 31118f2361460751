"""What freezing and XLA would do to an exported graph, called in-process.

python benchmarks/serving_rank.py --model /some/dir/rank   # exports the model, and measures it
python benchmarks/serving_graph.py --model /some/dir/rank

Each signature is called as it was exported; frozen (variables made constants, so that TensorFlow
folds what depends on weights alone); and, unless it looks up strings or vocabularies, which XLA
cannot compile, compiled by XLA, whose first call at new shapes is given apart, as that compiles.
Every round calls each once, one after another.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

from infnet_keras.export.version_directory import latest_version
from infnet_keras.export.warmup import read_warmup

Call = Callable[[dict[str, tf.Tensor]], Any]


def variants(signature: Any) -> dict[str, Call]:
    """Ways to run a signature; each fetches its results."""
    frozen = convert_variables_to_constants_v2(signature)
    names = [tensor.name.partition(":")[0] for tensor in frozen.inputs]
    compiled = tf.function(lambda **inputs: signature(**inputs), jit_compile=True, autograph=False)

    # Vocabularies stay what they are: resources that are passed in.
    tables = {inner.name.partition(":")[0]: table for table, inner in signature.graph.captures}

    def run_frozen(inputs: dict[str, tf.Tensor]) -> list[np.ndarray]:
        by_name = {f"{signature.name}_{name}": value for name, value in inputs.items()}
        by_name |= inputs | tables
        return [value.numpy() for value in frozen(*(by_name[name] for name in names))]

    found: dict[str, Call] = {
        "as exported": lambda inputs: [value.numpy() for value in signature(**inputs).values()],
        "frozen": run_frozen,
    }
    strings = any(tensor.dtype is tf.string for tensor in frozen.inputs)
    if not strings and not any("Lookup" in op.type for op in frozen.graph.get_operations()):
        found["XLA"] = lambda inputs: [value.numpy() for value in compiled(**inputs).values()]
    return found


def request(arrays: dict[str, np.ndarray], signature: str, size: int) -> dict[str, tf.Tensor]:
    """A warm-up request made as large as asked for."""
    if signature == "predict":
        resized = {n: a[np.arange(size) % len(a)] for n, a in arrays.items()}
    else:
        count = int(arrays["candidate_count"][0])
        chosen = np.arange(size) % count
        resized = {
            name: array[:, chosen] if array.shape[1:] == (count,) else array
            for name, array in arrays.items()
        }
        resized["candidate_count"] = np.array([size])
    return {name: tf.constant(array) for name, array in resized.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--rounds", type=int, default=20)
    options = parser.parse_args()
    path = latest_version(options.model)
    loaded = tf.saved_model.load(str(path))  # holds the variables
    warmup = dict(read_warmup(path))  # the last of each signature: the largest
    table = Table(title=f"in-process, {options.rounds} rounds: median (quartiles) ms")
    for heading in ("", "first call ms", "ms"):
        table.add_column(heading, justify="right")
    for name, size in (("predict", 1), ("predict", 32), ("rank", 100), ("rank", 500)):
        inputs, times, first = request(warmup[name], name, size), {}, {}
        calls = variants(loaded.signatures[name])
        for round_ in range(options.rounds + 1):
            for variant, call in calls.items():
                start = time.perf_counter()
                call(inputs)
                taken = (time.perf_counter() - start) * 1e3
                if round_:
                    times.setdefault(variant, []).append(taken)
                else:
                    first[variant] = taken
        for variant, values in times.items():
            low, middle, high = statistics.quantiles(values, n=4)
            label = f"{name} of {size}, {variant}"
            table.add_row(label, f"{first[variant]:.0f}", f"{middle:.1f} ({low:.1f} to {high:.1f})")
    console = Console(width=100)
    console.print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, TensorFlow {tf.__version__}"
    )
    console.print(table)


if __name__ == "__main__":
    main()
