"""What a warm start kept, initialised and dropped."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple


class TableCounts(NamedTuple):
    """Rows of one table: from the earlier run, new, and of the earlier run but no longer there."""

    kept: int
    initialised: int
    dropped: int


@dataclass
class WarmStartRecord:
    """What became of an earlier run's tables and weights.

    Attributes:
        run: the earlier run's directory.
        model: SHA-256 of its model.keras.
        tables: counts of rows, by table; a table that is new or gone is there, too.
        weights_kept: how many other weights come from the earlier run, in whole or in part.
        initialised: parts that are new: tables, fields, sequences, tasks, and weights as a whole.
        dropped: parts that the earlier run had and this one has not.
    """

    run: str
    model: str
    tables: dict[str, TableCounts] = field(default_factory=dict)
    weights_kept: int = 0
    initialised: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        """The record for people; tables of which every row was kept share a line."""
        yield f"warm start from {self.run}"
        whole = 0
        for name, counts in self.tables.items():
            if counts.initialised or counts.dropped:
                yield (
                    f"  table {name}: {counts.kept:,} rows kept, {counts.initialised:,} "
                    f"initialised, {counts.dropped:,} dropped"
                )
            else:
                whole += 1
        if whole:
            yield f"  {whole} tables: every row kept"
        yield f"  {self.weights_kept} other weights kept; the optimiser begins anew"
        if self.initialised:
            yield f"  new, initialised afresh: {', '.join(self.initialised)}"
        if self.dropped:
            yield f"  no longer there, dropped: {', '.join(self.dropped)}"

    def to_json(self) -> str:
        """The record as JSON text."""
        content: dict[str, Any] = asdict(self)
        content["tables"] = {name: counts._asdict() for name, counts in self.tables.items()}
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n"
