"""Raw logs made up for any spec."""

from contextlib import ExitStack
from datetime import timedelta
from math import inf
from pathlib import Path
from typing import NamedTuple

from infnet_keras.data.generated.column import FIRST_DAY
from infnet_keras.data.generated.log import DAYS, GeneratedLog
from infnet_keras.data.generated.sources import SourceWriter, file_names
from infnet_keras.data.generated.truth import TRUTH, TruthWriter
from infnet_keras.errors import DataError
from infnet_keras.files.whole_directory import output_directory
from infnet_keras.spec import FeatureSpec


class Generated(NamedTuple):
    """The files, and a split that suits them: `valid_from` and `test_from` of `prepare`."""

    files: list[Path]
    valid_from: str
    test_from: str
    truth: Path | None = None


def generate(
    spec: FeatureSpec,
    out: Path,
    users: int,
    events: int,
    seed: int = 0,
    conflict: float | None = None,
) -> Generated:
    """Make up the raw files of every source of a spec.

    They hold the columns that the spec needs. A signal is planted in every label (see
    `GeneratedWorld`), so that a model which reads the features well beats one that does not, and
    one with histories beats one without. Files are written piece by piece: memory grows with users
    and items, not with events. The same arguments give the same bytes.

    With a `conflict`, opposite tasks weigh the same recent events with opposite signs (see
    `GeneratedConflict`), and what the log was drawn from is written to the folder `truth` beside
    it (see `TruthWriter`), which no source of the spec reads.

    Args:
        spec: whose sources to write.
        out: directory for the files; new or empty.
        users: how many users there are.
        events: how many rows the log has.
        seed: of everything random.
        conflict: its strength; at 1 it moves the logits as much as all else. At 0 the log is the
            same as without one (None), and the truth is written too.

    Raises:
        DataError: `out` is not empty or cannot be written, a count is not positive, the strength is
            negative or not finite, the spec has no sequence to disagree about, or its logs are not
            one row an impression with histories of earlier rows.

    Example:
        >>> made = generate(spec, Path("raw"), users=1000, events=100_000, seed=0, conflict=1.0)
        >>> prepare(spec, Path("raw"), Path("prepared"), made.valid_from, made.test_from)
    """
    if users < 1 or events < 1:
        raise DataError(f"at least one user and one event are needed, not {users} and {events}")
    if conflict is not None and not 0 <= conflict < inf:
        raise DataError(f"the strength of a conflict is a finite number from 0, not {conflict}")
    _check_shapes(spec)
    with ExitStack() as open_files:
        directory = open_files.enter_context(output_directory(out, frozenset(), "a generated log"))
        rows = GeneratedLog(spec, users, events, seed, conflict or 0.0)
        truth = None
        if conflict is not None:
            truth = open_files.enter_context(TruthWriter(directory, spec))
            truth.write_items(rows.items_truth())
            truth.write_conflict(rows.conflict_truth())
        for name, source in spec.sources.items():
            if name != spec.log_source:
                table = rows.side_table(name)
                with SourceWriter(directory, source, table.num_rows) as writer:
                    writer.write(table)
        with SourceWriter(directory, spec.sources[spec.log_source], events) as writer:
            for piece in rows.log_pieces():
                writer.write(piece.rows)
                if truth is not None:
                    truth.write_impressions(piece.truth)
    files = [out / name for source in spec.sources.values() for name in file_names(source)]
    beside = None if conflict is None else out / TRUTH
    if spec.time.column is None:
        return Generated(files, "0.8", "0.9", beside)
    valid_from = FIRST_DAY + timedelta(days=DAYS - 2)
    return Generated(files, str(valid_from), str(valid_from + timedelta(days=1)), beside)


def _check_shapes(spec: FeatureSpec) -> None:
    """Generated logs are flat: a row an impression, a column a value."""
    for name, source in spec.sources.items():
        for key in ("packed", "explode"):
            if getattr(source, key) is not None:
                raise DataError(
                    f"generated logs have one row an impression and one value a cell: drop `{key}` "
                    f"of source {name!r} from a copy of the spec"
                )
    for name, sequence in spec.sequences.items():
        if sequence.column is not None:
            raise DataError(
                f"generated logs hold no ready-made histories: drop `column` of sequence {name!r} "
                "from a copy of the spec, and the history is made of the user's earlier events"
            )
