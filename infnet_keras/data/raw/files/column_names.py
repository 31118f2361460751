"""The names of a file's columns: told apart, and offered where one is missing."""

import re
from collections.abc import Iterable

from infnet_keras.errors import DataError
from infnet_keras.spec.nearest import nearest

_HEADER = " (if the files have no header line, name their columns in `columns`)"
_ESCAPED = re.compile(r"\\x[0-9a-f]{2}")


def decoded(header: list[bytes]) -> list[str]:
    """Names as text; bytes that are not UTF-8 matter only to those who ask for such a column."""
    return [name.decode("utf-8", "backslashreplace") for name in header]


def distinct(file: str, names: list[str], stored: bool = False) -> list[str]:
    """The names, if no two are the same.

    Args:
        file: whose columns they are, for errors.
        names: of the first line, or those that the file stores for its columns.
        stored: which of the two.

    Raises:
        DataError: two are.
    """
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(
            f"{file}: two columns are called {twice!r}; rename one{'' if stored else _HEADER}"
        )
    return names


def nearest_column(column: str, present: Iterable[str]) -> str:
    """A clause that offers the closest column, or what a header without it may mean.

    Example:
        >>> nearest_column("item", ["17", "1017"])
        'valid: 17, 1017 (if the files have no header line, name their columns in `columns`)'
    """
    names = list(present)
    clause = nearest(column, names)
    if any(map(_ESCAPED.search, names)):
        return f"{clause} (bytes that are not UTF-8 are shown as \\x..: say the `encoding`)"
    if any(name.replace(".", "", 1).isdigit() for name in names):
        return f"{clause}{_HEADER}"
    return clause
