"""CPU time and peak memory of `infnet data prepare` in several checkouts, run in turns.

python benchmarks/prepare_versions.py before=../before after=. --rounds 7 --spec kuairand_pure \
    --raw $KUAIRAND_PURE_DIR --valid-from 2022-05-04 --test-from 2022-05-05
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from rich.console import Console
from rich.progress import track
from rich.table import Table

PROGRAM = """
import resource, sys
from infnet_keras.cli import main
code = main(sys.argv[1:])
used = resource.getrusage(resource.RUSAGE_SELF)
print("used", used.ru_utime + used.ru_stime, used.ru_maxrss)
sys.exit(code)
"""


class Cost(NamedTuple):
    """Of one process, from its start: CPU seconds (user and system) and peak resident megabytes."""

    seconds: float
    megabytes: float


def cost(checkout: Path, arguments: list[str]) -> Cost:
    """What `infnet data prepare` takes in a process of its own that imports a checkout."""
    # Compiled once, as where it is installed.
    kept = {name: v for name, v in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with TemporaryDirectory() as scratch:
        command = ["data", "prepare", *arguments, "--out", str(Path(scratch, "out"))]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *command],
            check=True,
            text=True,
            stdout=subprocess.PIPE,
            env={**kept, "PYTHONPATH": str(checkout.resolve())},
            cwd=scratch,
        )
    _, seconds, size = done.stdout.splitlines()[-1].split()
    unit = 1 if platform.system() == "Darwin" else 1024  # bytes of one ru_maxrss
    return Cost(float(seconds), int(size) * unit / 1e6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkouts", nargs="+", metavar="NAME=DIRECTORY")
    parser.add_argument("--rounds", type=int, default=7)
    options, prepared = parser.parse_known_args()
    checkouts = dict(checkout.split("=", 1) for checkout in options.checkouts)
    costs: dict[str, list[Cost]] = {name: [] for name in checkouts}
    for _ in track(range(options.rounds), console=Console(stderr=True)):
        for name, directory in checkouts.items():
            costs[name].append(cost(Path(directory), prepared))
    first = next(iter(costs.values()))
    table = Table(title=f"Python {platform.python_version()}, pyarrow {version('pyarrow')}")
    for heading in ("checkout", "CPU s", "(all)", "peak MB", "(all)", "of the first"):
        table.add_column(heading, justify="right")
    for name, found in costs.items():
        medians = Cost(*map(statistics.median, zip(*found, strict=True)))
        # Round by round, as the machine's other work slows all checkouts of a round alike.
        ratios = (
            statistics.median(
                mine[part] / other[part] for mine, other in zip(found, first, strict=True)
            )
            for part in range(len(Cost._fields))
        )
        table.add_row(
            name,
            f"{medians.seconds:.2f}",
            " ".join(f"{one.seconds:.2f}" for one in sorted(found)),
            f"{medians.megabytes:.0f}",
            " ".join(f"{size:.0f}" for size in sorted(one.megabytes for one in found)),
            " ".join(f"{ratio:.3f}" for ratio in ratios),
        )
    Console(width=160).print(table)


if __name__ == "__main__":
    main()
