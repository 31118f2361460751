"""What a generated log was drawn from, written beside it."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from infnet_keras.errors import DataError
from infnet_keras.spec import FeatureSpec

TRUTH = "truth"
IMPRESSIONS = f"{TRUTH}/impressions.parquet"
ITEMS = f"{TRUTH}/items.parquet"
CONFLICT = f"{TRUTH}/conflict.json"


class TruthWriter:
    """Writes the folder `truth` of a generated log; a context manager.

    The folder holds `impressions.parquet`, a row for each row of the log (its files one after the
    other) with the keys and, for every binary task, `probability:TASK`, that of a positive label
    (missing where the task's mask does not hold), and `conflict:TASK`, the conflict's part of its
    logit; `items.parquet`, the group of every item; and `conflict.json`, what the part is computed
    from.

    Args:
        directory: of the log.
        spec: whose sources are written there; none of them may read the truth.

    Raises:
        DataError: a pattern of a source matches the truth.
    """

    def __init__(self, directory: Path, spec: FeatureSpec):
        self._directory = directory
        (directory / TRUTH).mkdir()
        for name in (IMPRESSIONS, ITEMS, CONFLICT):
            (directory / name).touch()
        for name, source in spec.sources.items():
            patterns = [source.files] if isinstance(source.files, str) else source.files
            for pattern in patterns:
                read = [p for p in directory.glob(pattern) if p.parent == directory / TRUTH]
                if read:
                    raise DataError(
                        f"source {name!r} would read {TRUTH}/{min(p.name for p in read)} as a log: "
                        f"{pattern!r} matches it; write `files` so that it leaves out the "
                        f"folder {TRUTH!r}, or generate the log without a conflict"
                    )
        self._open = ExitStack()
        self._writer: Any = None

    def __enter__(self) -> "TruthWriter":
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def write_impressions(self, table: pa.Table) -> None:
        """Write the truth of the log's next rows."""
        if self._writer is None:
            writer = pq.ParquetWriter(self._directory / IMPRESSIONS, table.schema)
            self._writer = self._open.enter_context(writer)
        self._writer.write_table(table)

    def write_items(self, table: pa.Table) -> None:
        """Write what every item is."""
        pq.write_table(table, self._directory / ITEMS)

    def write_conflict(self, description: dict[str, Any]) -> None:
        """Write what the conflict is computed from."""
        text = json.dumps(description, indent=2)
        (self._directory / CONFLICT).write_text(f"{text}\n", encoding="utf-8")
