"""The argument that names a trained run."""

import argparse
from pathlib import Path


def add_run(parser: argparse.ArgumentParser, required: bool = True) -> None:
    """Add `--run`."""
    parser.add_argument(
        "--run", required=required, type=Path, help="run directory of `infnet train`"
    )
