"""`infnet train`."""

import argparse
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import add_backend, start_backend
from infnet_keras.cli.spec_arguments import add_set, add_spec, resolved_spec
from infnet_keras.cli.tracker import add_track, check_track, tracked
from infnet_keras.progress import Progress


def add_parser(groups: Any) -> None:
    """Add `train`."""
    parser = groups.add_parser(
        "train",
        help="train a model on prepared data",
        description="Train a model on prepared data. The same command continues a run that was "
        "interrupted, after its last finished epoch.",
    )
    add_spec(parser)
    add_set(parser)
    parser.add_argument("--data", required=True, type=Path, help="directory of prepared data")
    parser.add_argument(
        "--run", required=True, type=Path, help="run directory: model.keras, history, state"
    )
    add_backend(parser)
    parser.add_argument(
        "--devices",
        type=int,
        default=1,
        metavar="N",
        help="devices of this machine that share every batch, on JAX or torch (default: 1)",
    )
    parser.add_argument("--seed", type=int, help="short for --set training.seed=SEED")
    parser.add_argument(
        "--restart", action="store_true", help="forget an earlier run in this directory"
    )
    parser.add_argument(
        "--warm-start",
        type=Path,
        metavar="RUN",
        help="begin with the model of an earlier run, of other data: rows of tables by value, "
        "other weights by name, a fresh optimiser",
    )
    add_track(parser)
    parser.set_defaults(command=_train)


def _train(arguments: argparse.Namespace) -> None:
    replacements = list(arguments.set)
    if arguments.seed is not None:
        replacements.append(f"training.seed={arguments.seed}")
    spec = resolved_spec(arguments.spec, replacements)
    check_track(arguments.track)
    progress = Progress.on_stderr()
    start_backend(arguments.backend, progress)
    with progress.phase("loading the code"):
        from infnet_keras.training import train

    with tracked(arguments.track, spec, arguments.run) as observe:
        result = train(
            spec,
            arguments.data,
            arguments.run,
            restart=arguments.restart,
            progress=progress,
            warm_start=arguments.warm_start,
            devices=arguments.devices,
            observe=observe,
        )
    ended = "stopped early" if result.stopped_early else "all done"
    print(
        f"{arguments.run}: best mean validation AUC {result.best.mean_auc:.4f} in epoch "
        f"{result.best.epoch} (epochs: {result.epochs} of {spec.training.epochs}, {ended})"
    )
