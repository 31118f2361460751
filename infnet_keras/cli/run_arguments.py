"""The argument that names a trained run."""

import argparse
from pathlib import Path


def add_run(parser: argparse._ActionsContainer, required: bool = True) -> None:
    """Add `--run` to a parser, or to a group of its arguments."""
    parser.add_argument(
        "--run", required=required, type=Path, help="run directory of `infnet train`"
    )
