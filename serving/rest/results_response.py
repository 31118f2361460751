"""Classification and regression results as JSON."""

from collections.abc import Sequence

import numpy as np
from tensorflow_serving.apis.classification_pb2 import ClassificationResult, Classifications
from tensorflow_serving.apis.regression_pb2 import RegressionResult

from serving.rest.decimal_text import format_decimals
from serving.rest.json_text import new_line, write_array, write_object, write_string
from serving.status import invalid_argument


def write_classifications(result: ClassificationResult) -> bytes:
    r"""The JSON of a classify response: for each example a list of [label, score].

    Raises:
        StatusError: there are no results.

    Example:
        >>> write_classifications(result)
        b'{\n    "results": [[["car", 0.2], ["bike", 0.7]]\n    ]\n}'

    Source:
        MakeJsonFromClassificationResult of TensorFlow Serving's util/json_tensor.cc.
    """
    if not result.classifications:
        raise invalid_argument("Cannot convert empty ClassificationResults to JSON")
    examples = [_classes_text(example) for example in result.classifications]
    # TensorFlow Serving leaves the single-line style before it closes this array.
    return _write_results(f"[{', '.join(examples)}{new_line(1)}]")


def write_regressions(result: RegressionResult) -> bytes:
    r"""The JSON of a regress response: a number for each example.

    Raises:
        StatusError: there are no results.

    Example:
        >>> write_regressions(result)
        b'{\n    "results": [0.2, 0.9]\n}'

    Source:
        MakeJsonFromRegressionResult of TensorFlow Serving's util/json_tensor.cc.
    """
    if not result.regressions:
        raise invalid_argument("Cannot convert empty RegressionResults to JSON")
    values = _decimals([regression.value for regression in result.regressions])
    return _write_results(write_array(values, 1, single_line=True))


def _classes_text(example: Classifications) -> str:
    scores = _decimals([one.score for one in example.classes])
    classes = [
        write_array([write_string(one.label), score], 3, single_line=True)
        for one, score in zip(example.classes, scores, strict=True)
    ]
    return write_array(classes, 2, single_line=True)


def _decimals(values: Sequence[float]) -> list[str]:
    return format_decimals(np.array(values, np.float32))


def _write_results(text: str) -> bytes:
    return write_object([("results", text)], 0).encode()
