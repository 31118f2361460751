"""Raw logs made up for any spec."""

from datetime import timedelta
from pathlib import Path
from typing import NamedTuple

from infnet_keras.data.generated_column import FIRST_DAY
from infnet_keras.data.generated_log import DAYS, GeneratedLog
from infnet_keras.data.generated_sources import SourceWriter, file_names
from infnet_keras.data.output_directory import output_directory
from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec


class Generated(NamedTuple):
    """The files, and a split that suits them: `valid_from` and `test_from` of `prepare`."""

    files: list[Path]
    valid_from: str
    test_from: str


def generate(spec: FeatureSpec, out: Path, users: int, events: int, seed: int = 0) -> Generated:
    """Make up the raw files of every source of a spec.

    They hold the columns that the spec needs. A signal is planted in every label (see
    `GeneratedWorld`), so that a model which reads the features well beats one that does not, and
    one with histories beats one without. Files are written piece by piece: memory grows with users
    and items, not with events. The same arguments give the same bytes.

    Args:
        spec: whose sources to write.
        out: directory for the files; new or empty.
        users: how many users there are.
        events: how many rows the log has.
        seed: of everything random.

    Raises:
        DataError: `out` is not empty or cannot be written, or a count is not positive.

    Example:
        >>> made = generate(spec, Path("raw"), users=1000, events=100_000, seed=0)
        >>> prepare(spec, Path("raw"), Path("prepared"), made.valid_from, made.test_from)
    """
    if users < 1 or events < 1:
        raise DataError(f"at least one user and one event are needed, not {users} and {events}")
    with output_directory(out, frozenset(), "a generated log") as directory:
        rows = GeneratedLog(spec, users, events, seed)
        for name, source in spec.sources.items():
            if name != spec.log_source:
                table = rows.side_table(name)
                with SourceWriter(directory, source, table.num_rows) as writer:
                    writer.write(table)
        with SourceWriter(directory, spec.sources[spec.log_source], events) as writer:
            for table in rows.log_tables():
                writer.write(table)
    files = [out / name for source in spec.sources.values() for name in file_names(source)]
    if spec.time.column is None:
        return Generated(files, "0.8", "0.9")
    valid_from = FIRST_DAY + timedelta(days=DAYS - 2)
    return Generated(files, str(valid_from), str(valid_from + timedelta(days=1)))
