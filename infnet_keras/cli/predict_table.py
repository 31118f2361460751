"""`infnet predict --data`: score a table of raw rows."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infnet_keras.cli.backend import start_backend
from infnet_keras.errors import InfnetError
from infnet_keras.progress import Phase, Progress

if TYPE_CHECKING:
    from infnet_keras.scoring import Scorer

_BATCH_SIZE = 1024


def add_table(parser: argparse.ArgumentParser) -> None:
    """Add `--data`, `--out` and what goes with them."""
    table = parser.add_argument_group("a table of raw rows")
    add_rows(table, required=False)
    table.add_argument("--out", type=Path, help="file of scores to write: .parquet or .csv")


def add_rows(table: Any, required: bool) -> None:
    """Add `--data` and what says how its rows are scored to a parser, or to a group."""
    table.add_argument(
        "--data",
        nargs="+",
        required=required,
        metavar="PATH",
        help="files of raw rows, CSV, JSON lines or Parquet, or directories of them: each row "
        "holds what a request holds, by the same names; or, with --split, a directory of `infnet "
        "data prepare` (for --run) or of the Beam job's --format parquet",
    )
    table.add_argument("--split", choices=("train", "valid", "test"), help="of such a directory")
    table.add_argument(
        "--keep",
        action="append",
        default=[],
        metavar="COLUMN",
        help="a column to keep beside file, row and the keys of user and item; repeatable",
    )
    table.add_argument(
        "--batch-size",
        type=_positive,
        default=_BATCH_SIZE,
        help=f"rows scored at a time (default: {_BATCH_SIZE})",
    )
    table.add_argument(
        "--refuse-unreadable",
        action="store_true",
        help="end at the first value that cannot be read, which else counts as missing",
    )


def predict_table(arguments: argparse.Namespace) -> None:
    """Score the table; what happened goes to standard error, the file's name to standard output.

    Raises:
        InfnetError: the model, the table or the output cannot be used.
    """
    from infnet_keras.data.raw.files.storage import LocalStorage
    from infnet_keras.scoring.score_writer import score_kind
    from infnet_keras.scoring.table_files import kind_of

    out: Path = arguments.out
    score_kind(out)
    if not out.absolute().parent.is_dir():
        raise InfnetError(f"there is no directory {out.absolute().parent} to write {out.name} into")
    of_prepared = len(arguments.data) == 1 and arguments.run is not None
    is_prepared = of_prepared and kind_of(arguments.data[0], LocalStorage()) == "prepared"
    progress = Progress.on_stderr()
    try:
        (_score_prepared if is_prepared else _score_table)(arguments, progress)
    except OSError as error:
        raise InfnetError(f"cannot write {out}: {error}") from error
    print(out)


def _score_table(arguments: argparse.Namespace, progress: Progress) -> None:
    scorer = _scorer(arguments, progress)
    from infnet_keras.scoring import TablePlan, score_table
    from infnet_keras.scoring.unreadable_cells import UnreadableCells

    plan = TablePlan.of(scorer, arguments.data, keep=arguments.keep, split=arguments.split)
    for file in plan.empty:
        progress.say(f"{file.name} is empty: skipped")
    unreadable = UnreadableCells(refused=arguments.refuse_unreadable)
    with _scoring(progress, plan.estimated_rows()) as phase:
        score_table(
            scorer,
            plan,
            arguments.out,
            batch_size=arguments.batch_size,
            unreadable=unreadable,
            phase=phase,
        )
    for line in unreadable.lines():
        progress.say(line)


def _score_prepared(arguments: argparse.Namespace, progress: Progress) -> None:
    if arguments.split is None:
        raise InfnetError(
            f"{arguments.data[0]} holds prepared data: say which, with --split (train, valid, test)"
        )
    if arguments.keep:
        raise InfnetError("prepared data hold ids, of which no column can be kept: drop --keep")
    scorer: Any = _scorer(arguments, progress)
    from infnet_keras.data import PreparedData
    from infnet_keras.scoring.score_prepared import score_prepared

    prepared = PreparedData.open(arguments.data[0])
    with _scoring(progress, prepared.count(arguments.split)) as phase:
        score_prepared(
            scorer,
            prepared,
            arguments.split,
            arguments.out,
            batch_size=arguments.batch_size,
            phase=phase,
        )


@contextmanager
def _scoring(progress: Progress, rows: int) -> Iterator[Phase]:
    """Shows rows done, rows a second and time left, and says at the end what was done."""
    with progress.phase("scoring", rows or None, "rows") as phase:
        phase.note = lambda: "" if phase.rate is None else f"{phase.rate:,.0f} rows/s"
        yield phase
    phase.total = None  # which was an estimate
    progress.say(phase.line())


def _scorer(arguments: argparse.Namespace, progress: Progress) -> "Scorer":
    if arguments.run is None:
        start_backend("tensorflow", progress)
        from infnet_keras.scoring import SavedModelScorer

        return SavedModelScorer(arguments.model)
    start_backend(arguments.backend, progress)
    from infnet_keras.scoring import RunScorer
    from infnet_keras.training.load_run_model import load_run_model

    return RunScorer(load_run_model(arguments.run, with_optimizer=False), arguments.batch_size)


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not at least 1")
    return number
