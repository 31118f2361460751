"""Time and peak memory of generating and preparing QB-Video logs, against the number of events.

python benchmarks/prepare_memory.py --events 2000000 5000000 10000000
"""

import argparse
import platform
import shutil
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table


def measured(arguments: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident gigabytes of one `infnet` command in a process of its own."""
    program = (
        "import resource, sys; from infnet_keras.cli import main; code = main(sys.argv[1:]);"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss); sys.exit(code)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], check=True, text=True, stdout=subprocess.PIPE
    )
    seconds = time.perf_counter() - start
    unit = 1 if platform.system() == "Darwin" else 1024  # bytes of one ru_maxrss
    return seconds, int(done.stdout.split()[-1]) * unit / 1e9


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, nargs="+", default=[2_000_000, 5_000_000, 10_000_000])
    parser.add_argument("--users", type=int, default=40_000, help="the same for every size")
    parser.add_argument("--directory", type=Path, help="where the files go meanwhile")
    options = parser.parse_args()
    table = Table(title=f"Python {platform.python_version()}, pyarrow {version('pyarrow')}")
    for heading in ("events", "generate s", "generate GB", "prepare s", "prepare GB"):
        table.add_column(heading, justify="right")
    for events in options.events:
        with TemporaryDirectory(dir=options.directory) as scratch:
            raw, out = Path(scratch, "raw"), Path(scratch, "out")
            common = ["--spec", "qb_video", "--out"]
            sizes = ["--users", str(options.users), "--events", str(events), "--seed", "0"]
            generated = measured(["data", "generate", *common, str(raw), *sizes])
            split = ["--valid-from", "0.8", "--test-from", "0.9"]
            prepared = measured(["data", "prepare", *common, str(out), "--raw", str(raw), *split])
            shutil.rmtree(raw)
        row = (*generated, *prepared)
        table.add_row(f"{events:,}", *(f"{value:.2f}" for value in row))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
