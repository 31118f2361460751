"""The arguments of commands that train side by side in processes of their own."""

import argparse


def add_processes(
    parser: argparse.ArgumentParser, description: str, default: int | None = None
) -> None:
    """Add `--processes` and `--memory`.

    Args:
        parser: of the command.
        description: of `--processes`.
        default: of `--processes`.
    """
    parser.add_argument("--processes", type=int, metavar="N", default=default, help=description)
    parser.add_argument(
        "--memory",
        type=float,
        metavar="GB",
        help="what all processes may hold (default: four fifths of what is free)",
    )
