"""A run and the split of prepared data that it is measured on."""

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infnet_keras.cli.backend import add_backend
from infnet_keras.cli.run_arguments import add_run
from infnet_keras.errors import InfnetError
from infnet_keras.progress import Progress

if TYPE_CHECKING:
    from infnet_keras.data import PreparedData

_SPLITS = ("train", "valid", "test")


def add_run_on_split(parser: argparse.ArgumentParser, required: bool, split: str = "test") -> None:
    """Add `--run`, `--data`, `--split`, `--batch-size` and `--backend`."""
    add_run(parser, required)
    parser.add_argument("--data", required=required, type=Path, help="directory of prepared data")
    parser.add_argument(
        "--split", default=split, choices=_SPLITS, help=f"what to measure on (default: {split})"
    )
    parser.add_argument(
        "--batch-size", type=int, default=4096, help="impressions at a time (default: 4096)"
    )
    add_backend(parser)


def open_run_on_split(
    arguments: argparse.Namespace, progress: Progress
) -> tuple[Any, "PreparedData"]:
    """The run's model, and data that were prepared for its spec."""
    from infnet_keras.data import PreparedData
    from infnet_keras.training.load_run_model import load_run_model
    from infnet_keras.training.run_directory import is_finished

    if arguments.batch_size < 1:
        raise InfnetError(f"--batch-size {arguments.batch_size}: at least 1 is needed")
    with progress.phase(f"loading the model of {arguments.run}"):
        model = load_run_model(arguments.run)
    prepared = PreparedData.open(arguments.data)
    prepared.assets.check(model.spec)
    if not is_finished(arguments.run):
        print(
            f"note: the run {arguments.run} has not finished; this is its best model so far",
            file=sys.stderr,
        )
    return model, prepared
