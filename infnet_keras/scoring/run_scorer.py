"""The model of a run as a scorer, on the backend that Keras runs on."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import ModelError
from infnet_keras.features import Assets, RawInput, RowTransform
from infnet_keras.scoring.scorer import RawArrays
from infnet_keras.spec import FeatureSpec


class RunScorer:
    """A Keras model that was built from prepared data, or loaded from a run.

    Args:
        model: its `assets` are known. One of another precision is scored as it is exported, in
            float32.
        batch_size: the most rows that are scored at a time; fewer are filled up, as a compiled
            step is compiled again for another number.

    Raises:
        ModelError: the model has no assets.

    Example:
        >>> RunScorer(keras.models.load_model("run/model.keras"), 1024).score(rows)
        {'click': array([0.31, 0.02], dtype=float32)}
    """

    def __init__(self, model: Any, batch_size: int):
        from infnet_keras.export.serving_copy import serving_copy

        if model.assets is None:
            raise ModelError(
                "the model has no vocabularies, so raw values have no ids: load it from a run of "
                "`infnet train`"
            )
        self._model = model if model.dtype_policy.name == "float32" else serving_copy(model)
        self._transform = RowTransform(model.spec, model.assets)
        self._batch_size = batch_size

    @property
    def spec(self) -> FeatureSpec:
        """What the rows mean."""
        return self._transform.spec

    @property
    def assets(self) -> Assets:
        """What says which id a value has."""
        assets: Assets = self._model.assets
        return assets

    @property
    def inputs(self) -> list[RawInput]:
        """The raw inputs of a row: those of a request to what `infnet export` writes."""
        return self._transform.sent

    @property
    def tasks(self) -> list[str]:
        """What is predicted."""
        return list(self._model.tasks)

    def score(self, rows: Mapping[str, npt.NDArray[Any]]) -> RawArrays:
        """Probabilities of at most `batch_size` rows; see `Scorer`."""
        return self.score_ids(self._transform.of_requests(rows))

    def score_ids(self, ids: Mapping[str, npt.NDArray[Any]]) -> RawArrays:
        """The same of rows whose values are ids already, as prepared data hold them."""
        count = len(next(iter(ids.values())))
        more = max(self._batch_size - count, 0)
        filled = {
            name: np.concatenate([values, np.zeros((more, *values.shape[1:]), values.dtype)])
            for name, values in ids.items()
        }
        answer = self._model.predict_on_batch(filled)
        return {task: np.asarray(answer[task], np.float32)[:count] for task in self.tasks}
