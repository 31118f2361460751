"""Counts the values of a request that the model reads as missing though they are given."""

from collections.abc import Mapping

import numpy as np
from google.protobuf.message import DecodeError
from tensorflow.core.example.example_pb2 import Example

from infnet_keras.features.numpy.unreadable import UnreadableValues
from serving.metrics.own_metrics import UNREADABLE_VALUES
from serving.saved_model.servable import Servable
from serving.saved_model.session import Array
from serving.status import invalid_argument

HEADER = "unreadable-values"
"""Of HTTP, and of gRPC's metadata: "refuse" has a request with such values refused."""

_EXAMPLES = "examples"  # the one input of serving_default, see infnet_keras/export/signatures.py


def refuses_unreadable(asked: str) -> bool:
    """Whether a request asks for unreadable values to be refused.

    Args:
        asked: the value of the header, "" without one.

    Raises:
        StatusError: INVALID_ARGUMENT, it is something else than "refuse" and "count".

    Example:
        >>> refuses_unreadable("refuse"), refuses_unreadable("")
        (True, False)
    """
    if asked not in ("", "count", "refuse"):
        raise invalid_argument(f"{HEADER} is `refuse` or `count`, not {asked[:100]!r}")
    return asked == "refuse"


def count_unreadable(servable: Servable, inputs: Mapping[str, Array], refuse: bool) -> None:
    """Count, by input, what a request gives and the model cannot read.

    Such a date, time or number in text is answered as if it were missing. Nothing is looked at for
    models that have no spec among their assets.

    Args:
        servable: the version that answers.
        inputs: of the request, by alias.
        refuse: whether the request is refused for them.

    Raises:
        StatusError: INVALID_ARGUMENT, there are such values and they are refused.
    """
    if servable.unreadable is None:
        return
    if inputs.keys() == {_EXAMPLES} and inputs[_EXAMPLES].dtype.hasobject:
        inputs = _features(inputs[_EXAMPLES], servable.unreadable)
    found = servable.unreadable.find(inputs)
    for name, values in found.items():
        UNREADABLE_VALUES.increment(servable.name, name, amount=values.count)
    if found and refuse:
        name, values = next(iter(found.items()))
        more = f" ({values.count} such values)" if values.count > 1 else ""
        raise invalid_argument(
            f"input {name} holds {values.first!r}{more}, which cannot be read: expected is "
            f"{values.expected}. It would be answered as missing; the request asks for a refusal"
        )


def _features(serialized: Array, unreadable: UnreadableValues) -> dict[str, Array]:
    """The features of tf.Examples that can hold such values."""
    values: dict[str, list[int | bytes]] = {name: [] for name in unreadable.inputs}
    for text in serialized.ravel().tolist():
        try:
            features = Example.FromString(text).features.feature
        except DecodeError:  # the graph's own parser says what is wrong with it
            return {}
        for name, found in values.items():
            if name in features:
                feature = features[name]
                found += feature.bytes_list.value or feature.int64_list.value
    return {name: _array(found) for name, found in values.items() if found}


def _array(values: list[int | bytes]) -> Array:
    if all(isinstance(value, int) for value in values):
        return np.array(values, np.int64)
    array = np.empty(len(values), object)
    array[:] = values
    return array
