"""`infnet data`: prepare raw logs, generate logs to try things on."""

import argparse
from pathlib import Path
from typing import Any

from infnet_keras.cli.spec_arguments import add_set, add_spec, add_split_starts, resolved_spec
from infnet_keras.progress import Progress


def add_parser(groups: Any) -> None:
    """Add `data prepare` and `data generate`."""
    commands = groups.add_parser("data", help="prepare raw logs for training, generate logs")
    commands = commands.add_subparsers(required=True, metavar="COMMAND")

    prepare = commands.add_parser(
        "prepare", help="turn raw logs into prepared data: vocabularies, ids, splits"
    )
    add_spec(prepare)
    add_set(prepare)
    prepare.add_argument(
        "--raw", required=True, type=Path, help="directory that the spec's `files` start from"
    )
    prepare.add_argument("--out", required=True, type=Path, help="directory to write")
    add_split_starts(prepare)
    prepare.add_argument(
        "--train-from",
        metavar="DAY",
        help="first day, time or fraction to train on, for `infnet train --warm-start`: what comes "
        "before it counts for vocabularies, quantiles and histories alone; default: all is trained "
        "on",
    )
    prepare.add_argument(
        "--history", type=Path, help="file of events from before the log: they only seed histories"
    )
    prepare.set_defaults(command=_prepare)

    generate = commands.add_parser(
        "generate", help="write raw logs for a spec, with a signal that a model can find"
    )
    add_spec(generate)
    add_set(generate)
    generate.add_argument("--out", required=True, type=Path, help="directory to write")
    generate.add_argument("--users", required=True, type=int, help="number of users")
    generate.add_argument("--events", required=True, type=int, help="number of impressions")
    generate.add_argument("--seed", type=int, default=0, help="random seed (default: 0)")
    generate.add_argument(
        "--conflict",
        type=float,
        metavar="STRENGTH",
        help="let opposite tasks weigh the same history with opposite signs: 0 is not at all, 1 as "
        "much as all else moves the labels; the truth goes into the folder truth beside the log",
    )
    generate.set_defaults(command=_generate)


def _prepare(arguments: argparse.Namespace) -> None:
    progress = Progress.on_stderr()
    with progress.phase("loading the code"):
        from infnet_keras.data import prepare
        from infnet_keras.data.history.splits import split_starts

    spec = resolved_spec(arguments.spec, arguments.set)
    valid_from, test_from = split_starts(spec, arguments.valid_from, arguments.test_from)
    prepare(
        spec,
        raw=arguments.raw,
        out=arguments.out,
        valid_from=valid_from,
        test_from=test_from,
        history=arguments.history,
        train_from=arguments.train_from,
        progress=progress,
    )
    print(arguments.out)


def _generate(arguments: argparse.Namespace) -> None:
    progress = Progress.on_stderr()
    with progress.phase("loading the code"):
        from infnet_keras.data import generate

    with progress.phase(f"generating {arguments.events:,} impressions"):
        made = generate(
            resolved_spec(arguments.spec, arguments.set),
            arguments.out,
            users=arguments.users,
            events=arguments.events,
            seed=arguments.seed,
            conflict=arguments.conflict,
        )
    print(
        f"{arguments.out}: to prepare with --valid-from {made.valid_from} "
        f"--test-from {made.test_from}"
    )
    if made.truth is not None:
        print(f"truth in {made.truth}")
