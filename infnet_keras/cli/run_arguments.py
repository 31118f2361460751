"""The argument that names a trained run."""

from pathlib import Path
from typing import Any


def add_run(parser: Any, required: bool = True) -> None:
    """Add `--run` to a parser, or to a group of its arguments."""
    parser.add_argument(
        "--run", required=required, type=Path, help="run directory of `infnet train`"
    )
