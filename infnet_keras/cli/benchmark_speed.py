"""`infnet benchmark speed`."""

import argparse
import os
from importlib.util import find_spec
from itertools import product
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import add_backend, start_backend
from infnet_keras.errors import InfnetError
from infnet_keras.progress import Progress

_ON_A_GPU, _ON_A_PROCESSOR = 4096, 1024


def add_speed(commands: Any) -> None:
    """Add `speed`."""
    parser = commands.add_parser(
        "speed",
        help="what a training step and a forward pass cost, beside references, in turns",
        description="Measure models and references in one interleaved run: milliseconds of a "
        "forward pass and of a training step, examples a second, peak memory.",
    )
    parser.add_argument(
        "--shapes",
        type=_names,
        default=["qb", "pure", "long"],
        metavar="NAME,...",
        help="shapes of inputs: qb, pure, long (default: all)",
    )
    parser.add_argument(
        "--width", type=int, nargs="+", default=[32, 64], help="of tokens (default: 32 64)"
    )
    parser.add_argument(
        "--batch",
        type=int,
        metavar="N",
        help=f"examples of a step (default: {_ON_A_PROCESSOR:,}; {_ON_A_GPU:,} on a GPU)",
    )
    parser.add_argument(
        "--models",
        nargs="+",
        default=["infnet"],
        metavar="TYPE",
        help="as `model: type` names them",
    )
    parser.add_argument(
        "--references",
        nargs="*",
        default=["plain", "attention"],
        metavar="NAME",
        help="plain: the paper's formulas in the bare framework; attention: Keras' "
        "MultiHeadAttention; fuxictr: FuxiCTR's models, on torch (default: plain attention)",
    )
    parser.add_argument(
        "--fuxictr", type=Path, metavar="PATH", help="a copy of FuxiCTR's repository"
    )
    parser.add_argument("--precision", choices=("float32", "mixed_bfloat16"), default="float32")
    parser.add_argument(
        "--scaling",
        type=_names,
        default=[],
        metavar="SIZE,...",
        help="vary one size of the first shape and width: history, fields, vocabulary, blocks, "
        "batch",
    )
    parser.add_argument("--rounds", type=int, default=9, help="of measuring (default: 9)")
    parser.add_argument(
        "--without-memory",
        action="store_true",
        help="leave peak memory out, which takes a process for each line",
    )
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write speed.csv, speed.json and speed.svg there"
    )
    add_backend(parser)
    parser.set_defaults(command=_speed)


def _names(text: str) -> list[str]:
    return [name for name in text.split(",") if name]


def _speed(arguments: argparse.Namespace) -> None:
    _check(arguments)
    # Models of several settings, and the processes that measure memory, share the device.
    os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")
    progress = Progress.on_stderr()
    start_backend(arguments.backend, progress)
    with progress.phase("loading the code"):
        from rich.console import Console

        from infnet_keras.benchmark.entries import entries_of
        from infnet_keras.benchmark.frameworks.framework import steps
        from infnet_keras.benchmark.hardware import hardware
        from infnet_keras.benchmark.report.speed_tables import scaling_table, setting_table
        from infnet_keras.benchmark.report.write_speed import write_speed
        from infnet_keras.benchmark.setting import Setting
        from infnet_keras.benchmark.speed_run import SpeedRun
        from infnet_keras.training.environment import describe_environment, now

    entries = entries_of(
        arguments.models, arguments.references, arguments.fuxictr, arguments.precision
    )
    device = steps().device_name()
    batch = arguments.batch or (_ON_A_PROCESSOR if device is None else _ON_A_GPU)
    settings = [
        Setting(shape, width, batch, precision=arguments.precision)
        for shape, width in product(arguments.shapes, arguments.width)
    ]
    conditions = describe_environment() | {"hardware": hardware(), "device": device}
    run = SpeedRun(
        entries, arguments.rounds, arguments.fuxictr, not arguments.without_memory, progress
    )
    console = Console()
    groups = []
    for setting in settings:
        groups.append(run.at(setting))
        console.print(setting_table(groups[-1]))
    for factor in arguments.scaling:
        groups.append(run.over(settings[0], factor))
        console.print(scaling_table(groups[-1]))
    if arguments.out is not None:
        try:
            write_speed(groups, {**conditions, "finished": now()}, arguments.out)
        except OSError as error:
            raise InfnetError(f"cannot write to {arguments.out}: {error}") from error
        console.print(f"{arguments.out}: speed.csv, speed.json, speed.svg")


def _check(arguments: argparse.Namespace) -> None:
    """Refuse before a backend starts what can be refused."""
    from infnet_keras.benchmark.scaling import SCALING
    from infnet_keras.benchmark.shapes import SHAPES

    for option, given, there in (
        ("--shapes", arguments.shapes, SHAPES),
        ("--scaling", arguments.scaling, SCALING),
    ):
        unknown = [name for name in given if name not in there]
        if unknown:
            raise InfnetError(f"{option} {unknown[0]}: choose from {', '.join(there)}")
    if not arguments.shapes:
        raise InfnetError("--shapes names none")
    numbers = [("--batch", arguments.batch or 1), ("--rounds", arguments.rounds)]
    for option, number in [*numbers, *(("--width", width) for width in arguments.width)]:
        if number < 1:
            raise InfnetError(f"{option} {number}: at least 1 is needed")
    if arguments.out is not None and find_spec("matplotlib") is None:
        raise InfnetError(
            "--out draws a figure, which needs matplotlib: pip install 'infnet-keras[benchmark]'"
        )
