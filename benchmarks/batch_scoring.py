"""Time and peak memory of `infnet predict --data`, against the number of rows.

The table repeats the rows of another one, such as `python -m tfx_pipeline.beam.prepare --format
parquet` writes:

python benchmarks/batch_scoring.py --model models/shop --table examples/Split-train/*.parquet
"""

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console
from rich.table import Table

# Linux keeps the peak of the parent in ru_maxrss of a child that it forks; VmHWM starts anew.
PROGRAM = """
import re, sys
from infnet_keras.cli import main
code = main(sys.argv[1:])
print(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
sys.exit(code)
"""


def measured(arguments: list[str]) -> tuple[float, float]:
    """Wall seconds and peak resident gigabytes of one `infnet` command in a process of its own."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], check=True, text=True, stdout=subprocess.PIPE
    )
    return time.perf_counter() - start, int(done.stdout.split()[-1]) * 1024 / 1e9


def write_rows(path: Path, table: pa.Table, rows: int) -> None:
    """Write rows of a table, again and again, in groups of 65,536."""
    group = pa.concat_tables([table] * (65_536 // table.num_rows + 1)).combine_chunks()
    with pq.ParquetWriter(path, table.schema) as writer:
        for start in range(0, rows, 65_536):
            writer.write_table(group.slice(0, min(65_536, rows - start)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    scored = parser.add_mutually_exclusive_group(required=True)
    scored.add_argument("--model", help="an exported model")
    scored.add_argument("--run", help="a run directory")
    parser.add_argument("--table", nargs="+", required=True, help="Parquet files of raw rows")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--batch-size", type=int, default=1024)
    options = parser.parse_args()
    table = pa.concat_tables([pq.read_table(path) for path in options.table])
    model = ["--model", options.model] if options.model else ["--run", options.run]
    versions = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "pyarrow"))
    found = Table(title=f"Python {platform.python_version()}, {versions}, {os.cpu_count()} cores")
    for heading in ("rows", "wall s", "rows/s", "peak GB"):
        found.add_column(heading, justify="right")
    for rows in options.rows:
        with TemporaryDirectory() as scratch:
            data, out = Path(scratch, "rows.parquet"), Path(scratch, "scores.parquet")
            write_rows(data, table, rows)
            command = ["predict", *model, "--data", str(data), "--out", str(out)]
            seconds, memory = measured([*command, "--batch-size", str(options.batch_size)])
            assert pq.read_metadata(out).num_rows == rows
        found.add_row(f"{rows:,}", f"{seconds:.1f}", f"{rows / seconds:,.0f}", f"{memory:.3f}")
    Console(width=100).print(found)


if __name__ == "__main__":
    main()
