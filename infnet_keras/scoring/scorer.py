"""What turns raw rows into probabilities."""

from collections.abc import Mapping
from typing import Any, Protocol

import numpy.typing as npt

from infnet_keras.features.raw_inputs import RawInput
from infnet_keras.spec import FeatureSpec

RawArrays = dict[str, npt.NDArray[Any]]


class Scorer(Protocol):
    """A model that answers rows as a request to its signature `predict` holds them.

    Attributes:
        spec: what the rows mean.
        inputs: the raw inputs of a row, under their own names.
        tasks: what is predicted, in the order of the output's columns.
    """

    @property
    def spec(self) -> FeatureSpec: ...

    @property
    def inputs(self) -> list[RawInput]: ...

    @property
    def tasks(self) -> list[str]: ...

    def score(self, rows: Mapping[str, npt.NDArray[Any]]) -> RawArrays:
        """Probabilities of some rows.

        Args:
            rows: every input, as `features.raw_batch.read_raw` gives it; at least one row.

        Returns:
            float32 [rows] by task.
        """
