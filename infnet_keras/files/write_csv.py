"""A table as CSV that appears whole or not at all."""

import csv
from collections.abc import Iterable, Sequence
from io import StringIO
from pathlib import Path
from typing import Any

from infnet_keras.files.whole_file import write_whole


def write_csv(path: Path, heading: Sequence[str], lines: Iterable[Sequence[Any]]) -> None:
    """Write a heading and lines; None is an empty cell.

    Args:
        path: where the file goes; what was there before is replaced.
        heading: names of the columns.
        lines: a value a column.

    Raises:
        OSError: it cannot be written; the file at `path` is as before.

    Example:
        >>> from pathlib import Path
        >>> write_csv(Path("auc.csv"), ["task", "auc"], [["click", 0.71], ["like", None]])
        >>> Path("auc.csv").read_text().splitlines()
        ['task,auc', 'click,0.71', 'like,']
    """
    text = StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading)
    writer.writerows(lines)
    write_whole(path, lambda partial: partial.write_text(text.getvalue(), encoding="utf-8"))
