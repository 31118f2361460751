"""Time and peak memory of the Beam job on one machine, against the number of events.

python benchmarks/beam_scale.py --events 50000 200000 800000 --workers 1 2
"""

import argparse
import platform
import resource
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
from rich.console import Console
from rich.table import Table

from infnet_keras.data import generate
from infnet_keras.spec import load_spec


def measured(command: list[str]) -> tuple[float, float, float]:
    """Wall seconds, processor seconds and the most resident gigabytes, children included."""
    start, used = time.perf_counter(), processor_seconds()
    peak = 0
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    tree = psutil.Process(process.pid)
    while process.poll() is None:
        resident = 0
        try:
            for member in (tree, *tree.children(recursive=True)):
                resident += member.memory_info().rss
        except psutil.NoSuchProcess:
            continue  # one has just ended
        peak = max(peak, resident)
        time.sleep(0.05)
    if process.returncode:
        raise SystemExit(f"{' '.join(command)} ended with code {process.returncode}")
    return time.perf_counter() - start, processor_seconds() - used, peak / 1e9


def processor_seconds() -> float:
    """Of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--spec", default="qb_video")
    parser.add_argument("--events", type=int, nargs="+", default=[50_000, 200_000, 800_000])
    parser.add_argument("--users", type=int, default=10_000, help="the same for every size")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="processes")
    parser.add_argument("--format", default="tfrecord", choices=("tfrecord", "parquet"))
    parser.add_argument("--directory", type=Path, help="where the files go meanwhile")
    options = parser.parse_args()
    memory = psutil.virtual_memory().total / 1e9
    versions = ", ".join(f"{name} {version(name)}" for name in ("apache-beam", "pyarrow"))
    table = Table(
        title=f"{options.spec}, {options.format}; {psutil.cpu_count()} cores, {memory:.0f} GB; "
        f"Python {platform.python_version()}, {versions}"
    )
    for heading in ("events", "processes", "seconds", "CPU seconds", "peak GB", "output MB"):
        table.add_column(heading, justify="right")
    spec = load_spec(options.spec)
    for events in options.events:
        with TemporaryDirectory(dir=options.directory) as scratch:
            raw, out = Path(scratch, "raw"), Path(scratch, "out")
            made = generate(spec, raw, users=options.users, events=events, seed=0)
            for workers in options.workers:
                beam = [f"--direct_num_workers={workers}"]
                if workers > 1:
                    beam += ["--direct_running_mode=multi_processing"]
                seconds, cpu, peak = measured(
                    [
                        *(sys.executable, "-m", "tfx_pipeline.beam.prepare"),
                        *(f"--spec={options.spec}", f"--input={raw}", f"--output={out}"),
                        *(f"--valid-from={made.valid_from}", f"--test-from={made.test_from}"),
                        *(f"--format={options.format}", *beam),
                    ]
                )
                size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file()) / 1e6
                table.add_row(
                    *(f"{events:,}", str(workers), f"{seconds:.1f}", f"{cpu:.1f}"),
                    *(f"{peak:.2f}", f"{size:,.0f}"),
                )
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
