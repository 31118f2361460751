"""A scorer without a model, for tests of what is around it."""

import os
import signal
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.features.raw_inputs import RawInput, raw_inputs
from infnet_keras.spec import FeatureSpec, spec_from_dict

PLAIN: dict[str, Any] = {
    "name": "plain",
    "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
    "keys": {"item": "item"},
    "fields": {
        "item": {"side": "item", "hash": 10},
        "price": {"side": "item", "boundaries": [1.0]},
    },
    "tasks": {"click": {"label": "clicked"}},
}


class PlainScorer:
    """The probability of a row is its price; what is missing has -1.

    Args:
        killed_after: how many batches are scored before the process is killed.
    """

    def __init__(self, killed_after: int | None = None) -> None:
        self._left = killed_after
        self.sizes: list[int] = []

    @property
    def spec(self) -> FeatureSpec:
        return spec_from_dict(PLAIN)

    @property
    def inputs(self) -> list[RawInput]:
        return raw_inputs(self.spec, {"item": "string", "price": "float32"})

    @property
    def tasks(self) -> list[str]:
        return ["click"]

    def score(self, rows: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        if self._left is not None:
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            self._left -= 1
        self.sizes.append(len(rows["price"]))
        return {"click": np.nan_to_num(rows["price"], nan=-1.0)}
