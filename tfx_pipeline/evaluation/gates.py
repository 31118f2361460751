"""Why a model was not blessed, in sentences."""

import math

import tensorflow_model_analysis as tfma
from tensorflow_model_analysis.proto import validation_result_pb2

_OF_NUMBERS = ("xauc", "gxauc")


def failed_gates(evaluation: str) -> list[str]:
    """The gates that a model did not pass, and by how much.

    Args:
        evaluation: directory of the results that TFMA wrote.

    Returns:
        One sentence a gate; none where the model passed.
    """
    result = tfma.load_validation_result(evaluation)
    failures = [f for s in result.metric_validations_per_slice for f in s.failures]
    sentences = [_sentence(failure) for failure in failures]
    if not result.validation_ok and not sentences:
        sentences.append("the test part holds no impression to measure the model on")
    return sentences


def _sentence(failure: validation_result_pb2.ValidationFailure) -> str:
    key, threshold = failure.metric_key, failure.metric_threshold
    metric = f"{key.name} of {key.output_name}"
    if not failure.HasField("metric_value"):
        return f"{metric} was not measured"
    value = failure.metric_value.double_value.value
    if math.isnan(value):
        labels = "two different labels" if key.name in _OF_NUMBERS else "both labels"
        return f"{metric} is undefined: the test part does not hold {labels}"
    if threshold.HasField("change_threshold"):
        limit = threshold.change_threshold.absolute.value
        return (
            f"{metric} is {abs(value):.4f} worse than the last blessed model's, "
            f"{abs(limit):.4f} is allowed: {abs(value) - abs(limit):.4f} too much"
        )
    bounds = threshold.value_threshold
    if bounds.HasField("lower_bound") and value < bounds.lower_bound.value:
        bound = bounds.lower_bound.value
        return f"{metric} is {value:.4f}, at least {bound:g} is asked: {bound - value:.4f} short"
    bound = bounds.upper_bound.value
    return f"{metric} is {value:.4f}, at most {bound:g} is asked: {value - bound:.4f} too much"
