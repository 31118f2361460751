"""`infnet export`."""

import argparse
from pathlib import Path
from typing import Any

from infnet_keras.cli.backend import start_backend
from infnet_keras.cli.run_arguments import add_run
from infnet_keras.progress import Progress


def add_parser(groups: Any) -> None:
    """Add `export`."""
    parser = groups.add_parser(
        "export",
        help="write a run's model as a SavedModel for TF Serving",
        description="Write a run's model as the next version of a SavedModel for TF Serving. Runs "
        "under TensorFlow, whichever backend trained the model.",
    )
    add_run(parser)
    parser.add_argument(
        "--out", required=True, type=Path, help="model directory; versions 1, 2, ... go into it"
    )
    parser.add_argument(
        "--no-examples",
        action="store_true",
        help="leave warm-up requests and example_request.json out: they hold rows of the log (the "
        "export is checked all the same)",
    )
    parser.set_defaults(command=_export)


def _export(arguments: argparse.Namespace) -> None:
    progress = Progress.on_stderr()
    start_backend("tensorflow", progress)
    from infnet_keras.export import export_run

    version = export_run(
        arguments.run,
        arguments.out,
        keep_examples=not arguments.no_examples,
        progress=progress,
    )
    print(version)
