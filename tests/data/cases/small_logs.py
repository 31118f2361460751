"""A small log that is spoilt in one way, prepared as a user would, and read back as raw values."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from infnet_keras.cli import main
from infnet_keras.data import PreparedData

Content = dict[str, Any]
ROWS = 24
SECOND = 1_700_006_400  # midnight of 2023-11-15 UTC
TIMES = [SECOND + 10_800 * n for n in range(ROWS)]  # eight a day, on three days
CLICKED = [n // 3 % 2 for n in range(ROWS)]


def spec_of_log(files: str = "log.csv", **source: Any) -> Content:
    """What a user writes for `columns_of_log`; `source` goes into the log's source."""
    return {
        "name": "case",
        "sources": {"log": {"files": files, "time": {"column": "at", "unit": "s"}, **source}},
        "keys": {"user": "user", "item": "item"},
        "tables": {"item": {"vocabulary": {}}},
        "fields": {
            "n": {"side": "context", "identity": 100},
            "user": {"side": "user", "vocabulary": {}},
            "item": {"side": "item", "table": "item"},
        },
        "sequences": {
            "click": {"when": "clicked == 1", "length": 5, "attributes": {"item": "item"}}
        },
        "tasks": {"click": {"label": "clicked"}},
        "splits": {"valid_from": "2023-11-16", "test_from": "2023-11-17"},
    }


def columns_of_log(**changed: Sequence[Any]) -> dict[str, list[Any]]:
    """The log's columns; those that are named have other values, repeated to its length."""
    columns: dict[str, list[Any]] = {
        "n": list(range(ROWS)),
        "user": [f"u{n % 4}" for n in range(ROWS)],
        "item": [f"i{n % 5}" for n in range(ROWS)],
        "at": list(TIMES),
        "clicked": list(CLICKED),
    }
    return columns | {
        name: [values[n % len(values)] for n in range(ROWS)] for name, values in changed.items()
    }


def csv_text(columns: dict[str, list[Any]], delimiter: str = ",", header: bool = True) -> str:
    """Columns as CSV text without any quoting."""
    rows = zip(*columns.values(), strict=True)
    lines = [list(columns)] if header else []
    lines += [["" if value is None else str(value) for value in row] for row in rows]
    return "".join(delimiter.join(line) + "\n" for line in lines)


@dataclass
class Outcome:
    """What `infnet data prepare` did.

    Attributes:
        code: its exit code.
        said: all that it printed.
        out: where the prepared data are.
    """

    code: int
    said: str
    out: Path

    @cached_property
    def data(self) -> PreparedData:
        assert self.code == 0, self.said
        return PreparedData.open(self.out)

    @cached_property
    def rows(self) -> dict[int, dict[str, Any]]:
        """Every impression by its `n`: raw values that the ids stand for, and labels.

        A value is "?" where it is out of vocabulary; of buckets and hashes it is the id. Several
        values and histories are lists, without padding.
        """
        found = {}
        for split in (name for name, count in self.data.manifest.impressions.items() if count):
            for batch in self.data.reader(split, 1000).batches():
                for at, ids in enumerate(batch.inputs["n"].reshape(-1)):
                    row: dict[str, Any] = {"split": split}
                    for name, column in batch.inputs.items():
                        row[name] = self._raw(name, np.asarray(column[at]))
                    for task, labels in batch.labels.items():
                        row[f"label of {task}"] = float(labels[at])
                    found[int(ids) - 2] = row
        return dict(sorted(found.items()))

    def column(self, name: str) -> list[Any]:
        """One value of every impression, in the log's order."""
        return [row[name] for row in self.rows.values()]

    def labels(self, task: str = "click") -> list[float | None]:
        """The labels of every impression, in the log's order; None where it has none."""
        return [None if value != value else value for value in self.column(f"label of {task}")]

    def _raw(self, name: str, ids: Any) -> Any:
        spec = self.data.spec
        if name in spec.fields:
            table = spec.field_table(name)
        else:
            table = next(f.table for f in spec.sequence_features if f.name == name)
        vocabulary = self.data.assets.vocabularies.get(table)
        first = 3 if spec.all_tables[table].missing == "own" else 2

        def value(number: int) -> Any:
            if vocabulary is None:
                return number
            if number == 2 and first == 3:
                return None
            return "?" if number < first else vocabulary[number - first]

        if ids.ndim:
            return [value(int(number)) for number in ids.reshape(-1) if number]
        return value(int(ids))


Prepare = Callable[..., Outcome]


def prepared_case(
    directory: Path, said: Callable[[], str], spec: Content, files: Mapping[str, Any]
) -> Outcome:
    """Write files, given as bytes, text, or columns of Parquet, and prepare them by the command."""
    raw = directory / "raw"
    for name, content in files.items():
        path = raw / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, dict):
            pq.write_table(pa.table(content), path)
        else:
            path.write_bytes(content.encode() if isinstance(content, str) else content)
    spec_file, out = directory / "spec.yaml", directory / "data"
    spec_file.write_text(yaml.safe_dump(spec, allow_unicode=True), "utf-8")
    arguments = ["--spec", str(spec_file), "--raw", str(raw), "--out", str(out)]
    code = main(["data", "prepare", *arguments])
    return Outcome(code, said(), out)
