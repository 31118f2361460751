"""Tables of raw rows in files, and what is expected of their scores."""

import csv
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from scored_model import TYPES

from infnet_keras.export import predict

Rows = Sequence[dict[str, Any]]
_ARROW = {"int64": pa.int64(), "float32": pa.float32(), "string": pa.string()}


def write_table(path: Path, rows: Rows, names: Sequence[str] | None = None) -> Path:
    """Write rows as Parquet, JSON lines or CSV, as the path ends."""
    path.parent.mkdir(parents=True, exist_ok=True)
    names = list(rows[0]) if names is None else names
    if path.suffix == ".parquet":
        arrays = [pa.array([row.get(name) for row in rows], _type(name)) for name in names]
        pq.write_table(pa.Table.from_arrays(arrays, names=list(names)), path, row_group_size=16)
    elif path.suffix == ".jsonl":
        lines = [json.dumps(row, ensure_ascii=False) for row in rows]
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    else:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(names)
            writer.writerows([row.get(name) for name in names] for row in rows)
    return path


def _type(name: str) -> pa.DataType | None:
    if name.endswith("__length"):
        return pa.int64()
    column = name.rpartition("__")[2]
    known = _ARROW.get(TYPES.get(column, ""))
    return pa.list_(known) if known is not None and "__" in name else known


def answered(models: Path, rows: Rows) -> dict[str, list[float]]:
    """The exported model's answer to the same rows as one JSON request, by task."""
    answer = predict(models, {"signature_name": "predict", "instances": list(rows)})
    return {task: [row[task] for row in answer["predictions"]] for task in ("click", "like")}


def assert_scores(table: pa.Table, expected: dict[str, list[float]]) -> None:
    """The probabilities of a table of scores are those, in their order, as float32."""
    for task, probabilities in expected.items():
        assert table.schema.field(task).type == pa.float32()
        np.testing.assert_allclose(table[task].to_numpy(), probabilities, rtol=0, atol=1e-6)
