"""Columns in the names of directories, as Hive and Spark write them: dt=2024-01-01/part-0."""

from pathlib import PurePosixPath
from urllib.parse import unquote

_MISSING = "__HIVE_DEFAULT_PARTITION__"


def partition_columns(file: str, directory: str) -> dict[str, str | None]:
    """The columns that the directories on the way to a file name.

    Args:
        file: its path.
        directory: what it was found below; its own name says nothing.

    Returns:
        Text by column; None where Hive says that it is missing.

    Example:
        >>> partition_columns("raw/dt=2024-01-01/hour=07/part-0.parquet", "raw")
        {'dt': '2024-01-01', 'hour': '07'}
    """
    below = PurePosixPath(file).parts[len(PurePosixPath(directory).parts) : -1]
    columns: dict[str, str | None] = {}
    for part in below:
        name, equals, value = part.partition("=")
        if name and equals:
            columns[unquote(name)] = None if value in (_MISSING, "") else unquote(value)
    return columns
