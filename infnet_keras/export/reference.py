"""Example requests with the model's own answers: the parity check's other side."""

import base64
import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from infnet_keras.export.sample_requests import Columns
from infnet_keras.features import RawInput
from infnet_keras.served_names import CANDIDATE_COUNT

_REQUESTS = ("predict", "rank", "logged")


class Reference(NamedTuple):
    """What one process tells another about a model.

    Attributes:
        spec: the model's spec as YAML.
        inputs: the raw inputs of a row of the log, under the names that they are served by.
        predict: a request of `predict`, served name -> column; strings are bytes.
        rank: a request of `rank`; empty where the spec has no field of side item.
        probabilities: task -> float32 [rows], what the model gives for `predict`; of a regression
            its number.
        scores: task -> float32 [rows, candidates], what it gives for `rank`.
        attention: task -> float32 [first rows, tokens], what it gives for `attention` of the first
            rows of `predict`; empty where the model has no attention.
        logged: served name -> column of what serving fixes, as the log holds it for the rows of
            `predict`; empty where serving fixes nothing.
        logged_probabilities: task -> float32 [rows], what the model gives with these columns.
    """

    spec: str
    inputs: list[RawInput]
    predict: Columns
    rank: Columns
    probabilities: Columns
    scores: Columns
    attention: Columns
    logged: Columns
    logged_probabilities: Columns

    @property
    def sent(self) -> list[RawInput]:
        """The inputs that a request holds."""
        return [i for i in self.inputs if i.name not in self.logged]

    def save(self, path: Path) -> None:
        """Write a JSON file."""
        columns = {name: _lists(getattr(self, name)) for name in self._fields[2:]}
        content = {"spec": self.spec, "inputs": self.inputs, **columns}
        path.write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> "Reference":
        """Read what `save` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        spec, inputs = content.pop("spec"), [RawInput(*i) for i in content.pop("inputs")]
        dtypes = {i.name: str(i.dtype) for i in inputs} | {CANDIDATE_COUNT: "int64"}
        columns = {
            part: {
                name: _array(lists, dtypes[name] if part in _REQUESTS else "float32")
                for name, lists in given.items()
            }
            for part, given in content.items()
        }
        return cls(spec, inputs, **columns)


def _lists(columns: Columns) -> dict[str, Any]:
    """JSON lists with their shapes, which an empty list would lose; bytes as base64."""
    return {
        name: {
            "shape": column.shape,
            "values": [
                base64.b64encode(value).decode() if isinstance(value, bytes) else value
                for value in column.ravel().tolist()
            ],
        }
        for name, column in columns.items()
    }


def _array(lists: dict[str, Any], dtype: str) -> npt.NDArray[Any]:
    if dtype != "string":
        return np.array(lists["values"], dtype).reshape(lists["shape"])
    array = np.empty(len(lists["values"]), object)
    array[:] = [base64.b64decode(value) for value in lists["values"]]
    return array.reshape(lists["shape"])
