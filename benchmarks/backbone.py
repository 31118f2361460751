"""Time and memory of INFNet's blocks on one GPU, against reading the sequence tokens.

The tokens are given; 89 fields, 28 sequences, three tasks. "x" is the time as a multiple of reading
S once a block (three times for training) at the card's copy bandwidth, which is measured first.
Rows that say "products" leave the kernels out. Settings take turns in every round. On torch a pass
is a CUDA graph, as a step of the package is, and a run measures one setting: graphs of several in
one process failed (torch 2.11). `--eager` has the host start each operation.

    KERAS_BACKEND=jax python benchmarks/backbone.py
    KERAS_BACKEND=torch python benchmarks/backbone.py --settings 1
    KERAS_BACKEND=torch python benchmarks/backbone.py --eager
"""

import argparse
import contextlib
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any, NamedTuple

os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import keras
import numpy as np

from infnet_keras.models import INFNet
from infnet_keras.spec import spec_from_dict

FIELDS, SEQUENCES, TASKS = 89, 28, ("click", "like", "follow")


class Setting(NamedTuple):
    dim: int
    length: int  # of each sequence
    blocks: int
    precision: str
    kernels: bool


SETTINGS = [
    Setting(64, 100, 2, "mixed_bfloat16", True),
    Setting(64, 100, 3, "mixed_bfloat16", True),
    Setting(64, 100, 6, "mixed_bfloat16", True),
    Setting(64, 100, 3, "mixed_bfloat16", False),
    Setting(32, 100, 3, "mixed_bfloat16", True),
    Setting(64, 20, 3, "mixed_bfloat16", True),
    Setting(32, 20, 3, "mixed_bfloat16", True),
    Setting(64, 100, 3, "float32", True),
]


def build(setting: Setting) -> Any:
    tables = {f"t{i}": {"vocabulary": {}} for i in range(SEQUENCES)}
    fields = {
        f"f{i}": {
            "side": "user" if i == 0 else "item" if i <= SEQUENCES else "context",
            **({"table": f"t{i - 1}"} if 1 <= i <= SEQUENCES else {"vocabulary": {}}),
        }
        for i in range(FIELDS)
    }
    sequences = {
        f"s{j}": {
            "length": setting.length,
            **({"when": f"{TASKS[j]} == 1"} if j < 3 else {}),
            "attributes": {f"f{i + 1}": f"t{i}" for i in range(j * 7, j * 7 + 7)},
        }
        for j in range(4)
    }
    content = {
        "name": "backbone",
        "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
        "keys": {"user": "f0", "item": "f1"},
        "tables": tables,
        "fields": fields,
        "sequences": sequences,
        "tasks": {task: {"label": task} for task in TASKS},
        "model": {"dim": setting.dim, "blocks": setting.blocks, "tokens": "per_attribute"},
        "training": {"precision": setting.precision},
    }
    spec = spec_from_dict(content)
    keras.utils.set_random_seed(0)
    model = INFNet(spec, dict.fromkeys(spec.all_tables, 3), dtype=setting.precision)
    model.build()
    return model


def state(setting: Setting, batch: int) -> tuple[dict[str, Any], Any]:
    """Random tokens and proxies of a batch, and the mask of S."""
    length = setting.length * SEQUENCES
    rows = {"categorical": FIELDS, "sequence": length, "categorical_proxies": 4}
    rows |= {"sequence_proxies": SEQUENCES, "shared_tasks": 2, "tasks": len(TASKS)}
    dtype = "bfloat16" if setting.precision == "mixed_bfloat16" else "float32"
    tokens = {
        name: keras.ops.cast(keras.random.normal((batch, count, setting.dim), seed=1) * 0.5, dtype)
        for name, count in rows.items()
    }
    return tokens, keras.random.uniform((batch, length), seed=2) < 0.8


@contextlib.contextmanager
def products_alone() -> Iterator[None]:
    """Without the kernels."""
    if keras.backend.backend() == "jax":
        from infnet_keras.layers.infnet.one_gradient import jax_kernels as kernels
    else:
        from infnet_keras.layers.infnet.one_gradient import torch_kernels as kernels
    usable = kernels.usable
    kernels.usable = lambda tokens, rows: False
    try:
        yield
    finally:
        kernels.usable = usable


def runs_of_jax(
    setting: Setting, batch: int, eager: bool
) -> Iterator[tuple[str, Callable[[], object], Callable[[], float]]]:
    """For forward and training: what to time, and the bytes that it takes beside its inputs."""
    import jax

    model = build(setting)
    tokens, mask = state(setting, batch)
    trainable = [each.value for each in model.trainable_variables]
    fixed = [each.value for each in model.non_trainable_variables]

    def flow(trainable: Any, tokens: Any, mask: Any) -> Any:
        variables = [*model.trainable_variables, *model.non_trainable_variables]
        mapping = list(zip(variables, [*trainable, *fixed], strict=True))
        with keras.StatelessScope(state_mapping=mapping):
            given = {**tokens, "sequence_mask": mask}
            return keras.ops.sum(
                keras.ops.cast(model.flow(given, slots=model.slots_of(given)), "float32")
            )

    for name, function in (("forward", flow), ("training", jax.grad(flow, (0, 1)))):
        compiled = jax.jit(function).lower(trainable, tokens, mask).compile()
        taken = compiled.memory_analysis()

        def run(compiled: Any = compiled) -> object:
            return jax.block_until_ready(compiled(trainable, tokens, mask))

        total = taken.temp_size_in_bytes + taken.output_size_in_bytes
        yield name, run, lambda total=total: float(total)


def runs_of_torch(
    setting: Setting, batch: int, eager: bool
) -> Iterator[tuple[str, Callable[[], object], Callable[[], float]]]:
    """As `runs_of_jax`."""
    import torch

    model = build(setting)
    tokens, mask = state(setting, batch)
    tokens = {name: each.detach().requires_grad_() for name, each in tokens.items()}
    weights = [each.value for each in model.trainable_variables]

    def training() -> object:
        given = {**tokens, "sequence_mask": mask}
        total = model.flow(given, slots=model.slots_of(given)).float().sum()
        return torch.autograd.grad(total, [*tokens.values(), *weights], allow_unused=True)

    def forward() -> object:
        with torch.no_grad():
            return model.flow({**tokens, "sequence_mask": mask})

    for name, step in (("forward", forward), ("training", training)):
        before = torch.cuda.memory_allocated()
        torch.cuda.reset_peak_memory_stats()
        step()
        taken = float(torch.cuda.max_memory_allocated() - before)
        start = step if eager else recorded(step)

        def run(start: Callable[[], object] = start) -> object:
            found = start()
            torch.cuda.synchronize()
            return found

        yield name, run, lambda taken=taken: taken


def recorded(step: Callable[[], object]) -> Callable[[], object]:
    """The step as a CUDA graph; see `CapturedStep`."""
    import torch

    from infnet_keras.devices.kept_constants import KeptConstants

    constants = KeptConstants()
    stream = torch.cuda.Stream()
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream), constants:
        for _ in range(3):
            step()
    torch.cuda.current_stream().wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph), constants:
        found = step()

    def replay() -> object:
        graph.replay()
        return found, constants  # which live as long as the graph: it reads and writes them

    return replay


def copy_bandwidth() -> float:
    """Bytes a second, read and written, by cupy, which both frameworks' machines may lack."""
    import cupy

    one = cupy.random.random(1 << 28, dtype=np.float32)
    other = cupy.empty_like(one)
    times = []
    for _ in range(20):
        cupy.cuda.Device().synchronize()
        start = time.perf_counter()
        cupy.copyto(other, one)
        cupy.cuda.Device().synchronize()
        times.append(time.perf_counter() - start)
    return 2 * one.nbytes / statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch", type=int, default=4096)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--settings", type=int, nargs="+", default=list(range(len(SETTINGS))))
    parser.add_argument("--eager", action="store_true", help="torch without CUDA graphs")
    options = parser.parse_args()
    backend = keras.backend.backend()
    if backend == "torch" and not options.eager and len(options.settings) > 1:
        parser.error("on torch give one of --settings, or --eager")
    bandwidth = copy_bandwidth()
    print(
        f"Python {platform.python_version()}, keras {version('keras')}, {backend} "
        f"{version(backend)}, copies at {bandwidth / 1e9:,.0f} GB/s, batch {options.batch}"
    )
    measured = []
    for number in options.settings:
        setting = SETTINGS[number]
        made = runs_of_jax if backend == "jax" else runs_of_torch
        with contextlib.nullcontext() if setting.kernels else products_alone():
            for name, run, peak in made(setting, options.batch, options.eager):
                run()
                measured.append((setting, name, run, peak(), []))
    for _ in range(options.rounds):
        for setting, _name, run, _peak, times in measured:
            with contextlib.nullcontext() if setting.kernels else products_alone():
                run()
                start = time.perf_counter()
                run()
                times.append(time.perf_counter() - start)
    print("| dim | tokens | blocks | precision | by | what | ms | spread | x | GB |")
    print("|---|---|---|---|---|---|---|---|---|---|")
    for setting, name, _run, peak_bytes, times in measured:
        dim, length, blocks, precision, kernels = setting
        item = 4 if precision == "float32" else 2
        once = options.batch * length * SEQUENCES * dim * item / bandwidth
        floor = once * blocks * (3 if name == "training" else 1)
        middle = statistics.median(times)
        print(
            f"| {dim} | {length * SEQUENCES} | {blocks} | {precision} | "
            f"{'kernels' if kernels else 'products'} | {name} | {middle * 1e3:.2f} | "
            f"{min(times) * 1e3:.2f} .. {max(times) * 1e3:.2f} | {middle / floor:.2f} | "
            f"{peak_bytes / 1e9:.2f} |"
        )


if __name__ == "__main__":
    main()
