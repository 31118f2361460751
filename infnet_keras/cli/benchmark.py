"""`infnet benchmark`: measure what is trained, and what is deployed."""

import argparse
import os
import sys
from importlib.util import find_spec
from typing import Any

from infnet_keras.cli.benchmark_speed import add_speed
from infnet_keras.errors import InfnetError


def add_parser(groups: Any) -> None:
    """Add `benchmark`, with `serving` and `speed`."""
    parser = groups.add_parser(
        "benchmark", help="measure training steps, or the load that a server holds"
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    # Every flag is the load test's own, --help among them.
    serving = commands.add_parser(
        "serving",
        add_help=False,
        help="latency and errors of a served model against offered load, over REST and gRPC",
    )
    serving.set_defaults(command=_serving, others=[])
    add_speed(commands)


def _serving(arguments: argparse.Namespace) -> None:
    if find_spec("serving") is None or find_spec("requests") is None:
        raise InfnetError("the load test needs more: pip install 'infnet-keras[serving]'")
    # It stands above this package, as the server does: it is run, not imported.
    os.execv(sys.executable, [sys.executable, "-m", "serving.load_test", *arguments.others])
