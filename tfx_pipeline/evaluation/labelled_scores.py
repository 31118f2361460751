"""The labels and scores of one task's impressions, gathered by Beam in 16 bytes a row."""

from array import array
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import farmhash
import numpy as np
import numpy.typing as npt
from tensorflow_model_analysis.metrics import metric_types, metric_util
from tensorflow_model_analysis.proto import config_pb2
from tensorflow_model_analysis.utils import util

from infnet_keras.features.canonical import MISSING_INTEGER

_LARGEST = 2**63 - 1


class LabelledScores:
    """Rows whose label counts: users int64, labels float32, scores float32.

    Compact, because the accumulator of the overall slice ends up with every impression.
    """

    __slots__ = ("_labels", "_scores", "_users")

    def __init__(self) -> None:
        self._users, self._labels, self._scores = array("q"), array("f"), array("f")

    def add(self, user: int, label: float, score: float) -> None:
        """Add one row."""
        self._users.append(user)
        self._labels.append(label)
        self._scores.append(score)

    def extend(self, other: "LabelledScores") -> None:
        """Add the rows of another."""
        self._users.extend(other._users)
        self._labels.extend(other._labels)
        self._scores.extend(other._scores)

    @property
    def users(self) -> npt.NDArray[np.int64]:
        """[rows]: the user's integer key, or a fingerprint of one that is a string."""
        return np.frombuffer(self._users, np.int64)

    @property
    def labels(self) -> npt.NDArray[np.float32]:
        """[rows]: 0 or 1, or a regression's number."""
        return np.frombuffer(self._labels, np.float32)

    @property
    def scores(self) -> npt.NDArray[np.float32]:
        """[rows]: the model's probabilities, or its numbers of a regression."""
        return np.frombuffer(self._scores, np.float32)


def labelled_scores(
    query_key: str,
    eval_config: config_pb2.EvalConfig | None,
    model_name: str,
    output_name: str,
    example_weighted: bool,
) -> tuple[metric_types.MetricKey, metric_types.MetricComputation]:
    """A private metric that other metrics derive theirs from; TFMA runs it once for all of them.

    Args:
        query_key: the feature that holds the user's key.
        eval_config: of the evaluation.
        model_name: of the model, where there are several.
        output_name: of the task.
        example_weighted: whether rows of weight 0 are left out.

    Returns:
        The key under which the slice's `LabelledScores` are found, and the computation.
    """
    key = metric_types.MetricKey(
        name=f"_labelled_scores_by_{query_key}",
        model_name=model_name,
        output_name=output_name,
        example_weighted=example_weighted,
    )
    computation = metric_types.MetricComputation(
        keys=[key],
        preprocessors=[metric_types.FeaturePreprocessor([query_key])],
        combiner=_Gather(key, query_key, eval_config),
    )
    return key, computation


class _Gather(beam.CombineFn):
    def __init__(
        self,
        key: metric_types.MetricKey,
        query_key: str,
        eval_config: config_pb2.EvalConfig | None,
    ) -> None:
        self._key, self._query_key, self._eval_config = key, query_key, eval_config

    def create_accumulator(self) -> LabelledScores:
        return LabelledScores()

    def add_input(
        self, accumulator: LabelledScores, element: metric_types.StandardMetricInputs
    ) -> LabelledScores:
        rows = metric_util.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            example_weighted=self._key.example_weighted,
        )
        for label, score, weight in rows:
            if weight.item() > 0:
                user = user_code(util.get_by_keys(element.features, [self._query_key]))
                accumulator.add(user, label.item(), score.item())
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[LabelledScores]) -> LabelledScores:
        merged = LabelledScores()
        for accumulator in accumulators:
            merged.extend(accumulator)
        return merged

    def extract_output(
        self, accumulator: LabelledScores
    ) -> dict[metric_types.MetricKey, LabelledScores]:
        return {self._key: accumulator}


def user_code(values: Any) -> int:
    """A user's key as one int64.

    Args:
        values: the feature of one example: an array of one integer or text, empty where missing.
    """
    flat = np.asarray(values).reshape(-1)
    if not flat.size:
        return MISSING_INTEGER
    value = flat[0]
    if isinstance(value, bytes | str):
        text = value.encode() if isinstance(value, str) else value
        return int(farmhash.fingerprint64(text)) & _LARGEST
    return int(value)
