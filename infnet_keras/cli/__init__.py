"""The command line, `infnet`: one module per group of commands."""

import argparse
import os
import sys
from collections.abc import Sequence

import infnet_keras
from infnet_keras.cli import (
    benchmark,
    data,
    evaluate,
    export,
    predict,
    serve,
    spec,
    study,
    train,
    tune,
)
from infnet_keras.cli.backend import settle_backend
from infnet_keras.errors import InfnetError

_ERROR, _INTERRUPTED, _BROKEN_PIPE = 2, 130, 141


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Args:
        arguments: of the command line, without the program's name; None takes the process's.

    Returns:
        The exit code: 0, 2 for a user's mistake (said in one sentence on standard error), 130 if
        interrupted, 141 if whoever reads the output went away.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    parser = _parser()
    parsed, others = parser.parse_known_args(arguments)
    if others and not hasattr(parsed, "others"):
        parser.error(f"unrecognized arguments: {' '.join(others)}")
    parsed.others = others
    settle_backend()
    try:
        parsed.command(parsed)
        sys.stdout.flush()
    except InfnetError as error:
        print(f"error: {error}", file=sys.stderr)
        return _ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    except BrokenPipeError:
        # Python flushes standard output once more when it exits: let that go nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _BROKEN_PIPE
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="infnet",
        description="Multi-task recommenders from one feature spec: data, training, serving.",
    )
    parser.add_argument(
        "--version", action="version", version=f"infnet-keras {infnet_keras.__version__}"
    )
    groups = parser.add_subparsers(required=True, metavar="COMMAND")
    for group in (spec, data, train, tune, evaluate, study, export, serve, predict, benchmark):
        group.add_parser(groups)
    return parser
