import json
import math

import pytest
from tensorflow_serving.apis.classification_pb2 import ClassificationResult
from tensorflow_serving.apis.regression_pb2 import RegressionResult

from serving.rest.error_response import write_error
from serving.rest.results_response import write_classifications, write_regressions
from serving.status import StatusError


def classification_result(*examples):
    result = ClassificationResult()
    for classes in examples:
        classifications = result.classifications.add()
        for label, score in classes:
            classifications.classes.add(label=label, score=score)
    return result


def regression_result(*values):
    result = RegressionResult()
    for value in values:
        result.regressions.add(value=value)
    return result


def test_classifications():
    result = classification_result([("car", 0.2), ("", 0.75)], [], [('b"é', 1)])
    assert write_classifications(result).decode() == (
        '{\n    "results": [[["car", 0.2], ["", 0.75]], [], [["b\\"é", 1.0]]\n    ]\n}'
    )


def test_regressions():
    result = regression_result(0.2, math.inf, 1, -math.inf, math.nan, 1 / 3)
    assert write_regressions(result).decode() == (
        '{\n    "results": [0.2, Infinity, 1.0, -Infinity, NaN, 0.333333343]\n}'
    )


def test_no_results_are_an_error():
    with pytest.raises(StatusError, match=r"empty ClassificationResults to JSON$"):
        write_classifications(classification_result())
    with pytest.raises(StatusError, match=r"empty RegressionResults to JSON$"):
        write_regressions(regression_result())


def test_errors():
    assert write_error('Bad key: "k"') == b'{\n    "error": "Bad key: \\"k\\""\n}'
    assert json.loads(write_error("é\n\x00'\u2028")) == {"error": "é\n\x00'\u2028"}


def test_an_error_that_is_no_text_is_told_all_the_same():
    assert json.loads(write_error("\ud800\udcff!")) == {"error": "??!"}
