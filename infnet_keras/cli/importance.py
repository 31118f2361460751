"""`infnet evaluate importance`: which inputs a run's ranking rests on."""

import argparse
import json
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import start_backend
from infnet_keras.cli.evaluated_run import add_run_on_split, open_run_on_split
from infnet_keras.cli.output_file import IMAGES, check_image, write_output
from infnet_keras.errors import InfnetError
from infnet_keras.progress import Progress


def add_importance(commands: Any) -> None:
    """Add `importance` to the commands of `evaluate`."""
    parser = commands.add_parser(
        "importance",
        help="what the AUC loses without each input",
        description="Permutation importance: the values of one field, or the histories of one "
        "sequence, are dealt out anew among impressions, and the AUC of every task is compared. "
        "The model is not trained again: of two inputs that say the same, either may look "
        "unimportant.",
    )
    add_run_on_split(parser, required=True, split="valid")
    parser.add_argument(
        "--sample",
        type=int,
        default=8192,
        metavar="N",
        help="impressions to look at, spread over the split (default: 8192)",
    )
    parser.add_argument(
        "--rounds", type=int, default=1, help="how often each is dealt out anew (default: 1)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of all draws (default: 0)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the numbers as JSON")
    parser.add_argument("--out", type=Path, metavar="IMAGE", help=f"draw them: {', '.join(IMAGES)}")
    parser.set_defaults(command=_importance)


def _importance(arguments: argparse.Namespace) -> None:
    for option in ("sample", "rounds"):
        if getattr(arguments, option) < 1:
            raise InfnetError(f"--{option} {getattr(arguments, option)}: at least 1 is needed")
    if arguments.out is not None:
        check_image(arguments.out)
    progress = Progress.on_stderr()
    start_backend(arguments.backend, progress)
    from rich.console import Console

    from infnet_keras.evaluation.importance.feature_importance import feature_importance
    from infnet_keras.evaluation.importance.importance_plot import plot_importance
    from infnet_keras.evaluation.importance.importance_table import importance_table

    model, prepared = open_run_on_split(arguments, progress)
    found = feature_importance(
        model,
        prepared,
        arguments.split,
        arguments.sample,
        arguments.rounds,
        arguments.batch_size,
        seed=arguments.seed,
        progress=progress,
    )
    regressions = [name for name, task in prepared.spec.tasks.items() if not task.is_binary]
    if arguments.json is not None:
        text = json.dumps([each._asdict() for each in found], indent=2) + "\n"
        write_output(arguments.json, lambda path: path.write_text(text, encoding="utf-8"))
    if arguments.out is not None:
        write_output(arguments.out, lambda path: plot_importance(found, path, regressions))
    title = f"{prepared.spec.name}, {arguments.split}: AUC lost without each input"
    Console().print(importance_table(found, title, regressions))
    if arguments.out is not None:
        print(arguments.out)
