"""`infnet evaluate`: measure a run, compare two, look at its attention and its inputs."""

import argparse
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infnet_keras.cli.backend import start_backend
from infnet_keras.cli.evaluated_run import add_run_on_split, open_run_on_split
from infnet_keras.cli.importance import add_importance
from infnet_keras.cli.output_file import check_image, write_output
from infnet_keras.errors import InfnetError
from infnet_keras.progress import Phase, Progress

if TYPE_CHECKING:
    from rich.console import Console

    from infnet_keras.data.prepared.batch import Ids
    from infnet_keras.evaluation.collapse import BlockCollapse


def add_parser(groups: Any) -> None:
    """Add `evaluate` and its commands."""
    parser = groups.add_parser(
        "evaluate",
        help="measure a run on a split; compare two; see what it looks at",
        description="Measure a run on a split: AUC and gAUC with 95% intervals, log loss, "
        "calibration; on a sample of it, whether the model's tokens have collapsed. "
        "`infnet evaluate compare` compares two, `attention` plots, `importance` says which inputs "
        "the ranking rests on.",
    )
    add_run_on_split(parser, required=False)
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the report as JSON")
    parser.add_argument(
        "--predictions", type=Path, metavar="FILE.npz", help="write labels and probabilities"
    )
    parser.set_defaults(command=_evaluate, parser=parser)
    commands = parser.add_subparsers(metavar="COMMAND")

    compare = commands.add_parser(
        "compare", help="difference of two runs' predictions, with paired intervals"
    )
    compare.add_argument("first", type=Path, metavar="A.npz", help="of `evaluate --predictions`")
    compare.add_argument("second", type=Path, metavar="B.npz", help="the same split, another run")
    compare.add_argument("--json", type=Path, metavar="FILE", help="write the comparison as JSON")
    compare.set_defaults(command=_compare)

    attention = commands.add_parser(
        "attention", help="plot what the tasks look at (figure 5 of the paper)"
    )
    add_run_on_split(attention, required=True)
    attention.add_argument("--out", required=True, type=Path, help="the image: .png, .svg or .pdf")
    attention.add_argument(
        "--sample",
        type=int,
        default=4096,
        metavar="N",
        help="impressions to look at, spread over the split; 0 takes all (default: 4096)",
    )
    attention.set_defaults(command=_attention)

    add_importance(commands)


def _evaluate(arguments: argparse.Namespace) -> None:
    if arguments.run is None or arguments.data is None:
        arguments.parser.error("the following arguments are required: --run, --data")
    progress = Progress.on_stderr()
    start_backend(arguments.backend, progress)
    from rich.console import Console

    from infnet_keras.evaluation import (
        evaluate_predictions,
        predict_split,
        report_table,
        sample_inputs,
    )
    from infnet_keras.evaluation.collapse import SAMPLE, measure_collapse
    from infnet_keras.evaluation.sample import BATCH_SIZE

    model, prepared = open_run_on_split(arguments, progress)
    predictions = predict_split(model, prepared, arguments.split, arguments.batch_size, progress)
    if arguments.predictions is not None:
        write_output(arguments.predictions, predictions.save)
    with progress.phase("resampling users for the intervals"):
        report = evaluate_predictions(predictions)
    has_users = prepared.spec.keys.user is not None
    if not has_users:  # each impression stands for a user of its own, of one class
        for task in predictions.tasks:
            report[task] |= {"users": None, "users_left_out": None}
    sample = sample_inputs(prepared, arguments.split, SAMPLE, min(BATCH_SIZE, arguments.batch_size))
    with progress.phase("comparing the tasks' tokens"):
        blocks = measure_collapse(model, sample)
    if arguments.json is not None:
        # No task can be called so: names start with a letter.
        content = {**report, "_collapse": [block._asdict() for block in blocks]}
        text = json.dumps(content, indent=2) + "\n"
        write_output(arguments.json, lambda path: path.write_text(text, encoding="utf-8"))
    console = Console()
    console.print(report_table(report, title=f"{prepared.spec.name}, {arguments.split}"))
    if not has_users:
        console.print("no gAUC: `keys` names no user, so intervals are over impressions")
    _print_collapse(console, model, blocks)


def _compare(arguments: argparse.Namespace) -> None:
    from rich.console import Console

    from infnet_keras.evaluation import Predictions, compare_predictions, comparison_table

    comparison = compare_predictions(
        Predictions.load(arguments.first), Predictions.load(arguments.second)
    )
    if arguments.json is not None:
        text = json.dumps(comparison, indent=2) + "\n"
        write_output(arguments.json, lambda path: path.write_text(text, encoding="utf-8"))
    table = comparison_table(comparison, arguments.first.stem, arguments.second.stem)
    Console().print(table)


def _attention(arguments: argparse.Namespace) -> None:
    if arguments.sample < 0:
        raise InfnetError(f"--sample {arguments.sample}: at least 0 is needed")
    check_image(arguments.out)
    progress = Progress.on_stderr()
    start_backend(arguments.backend, progress)
    from rich.console import Console

    from infnet_keras.evaluation import sample_inputs
    from infnet_keras.evaluation.attention import average_attention
    from infnet_keras.evaluation.collapse import SAMPLE, measure_collapse
    from infnet_keras.evaluation.plots import plot_attention
    from infnet_keras.evaluation.sample import BATCH_SIZE, sample_size

    model, prepared = open_run_on_split(arguments, progress)
    split, total = arguments.split, prepared.count(arguments.split)
    wanted = arguments.sample or total
    batch_size = min(BATCH_SIZE, arguments.batch_size)
    rows = sample_size(prepared, split, wanted, batch_size)

    def sample(phase: Phase) -> "Iterator[dict[str, Ids]]":
        return _counted(sample_inputs(prepared, split, wanted, batch_size), phase)

    with progress.phase("averaging attention", rows, "impressions") as phase:
        attention = average_attention(model, sample(phase))
    write_output(arguments.out, lambda path: plot_attention(attention, path))
    with progress.phase("comparing the tasks' tokens", rows, "impressions") as phase:
        blocks = measure_collapse(model, sample(phase), arguments.sample or SAMPLE)
    console = Console()
    console.print(f"attention of {rows:,} of the {total:,} impressions of {split}")
    _print_collapse(console, model, blocks)
    print(arguments.out)


def _counted(sample: "Iterable[dict[str, Ids]]", phase: Phase) -> "Iterator[dict[str, Ids]]":
    """The batches one by one; each counts once the next is asked for."""
    done = 0
    for inputs in sample:
        yield inputs
        done += len(next(iter(inputs.values())))
        phase.advance(done)


def _print_collapse(console: "Console", model: Any, blocks: "list[BlockCollapse]") -> None:
    from infnet_keras.evaluation import collapse_table

    if not blocks:
        console.print(f"collapse: a model of type {model.spec.model.type} has no blocks of tokens")
        return
    title = "collapse: all alike at cosine 1, attention 0 apart; -: nothing to compare"
    console.print(collapse_table(blocks, title=title))
