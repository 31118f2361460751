"""Classify and regress requests from JSON."""

from typing import Any

from tensorflow.core.example.example_pb2 import Example
from tensorflow.core.example.feature_pb2 import Feature
from tensorflow_serving.apis.input_pb2 import Input

from serving.rest.base64_object import decode_base64_object, is_base64_object
from serving.rest.json_document import json_type_name, parse_document, quote_value
from serving.rest.signature_name import signature_name
from serving.status import StatusError, invalid_argument

_KINDS = {"bytes_list": "bytes", "float_list": "float", "int64_list": "int64"}
_HIGHEST_INT64 = 2**63 - 1


def parse_examples(body: bytes) -> tuple[str, Input]:
    """The examples of a classify or regress request.

    Args:
        body: the request's JSON: a list "examples" of objects, feature name -> value or list of
            values, and perhaps another such object, "context".

    Returns:
        The signature's name ("" if the request names none) and the examples.

    Raises:
        StatusError: the body is not such a request; a feature has values of several types, null,
            an array, or an integer beyond int64.

    Example:
        >>> parse_examples(b'{"examples": [{"age": 20}]}')[1].example_list.examples[0]
        features { feature { key: "age" value { int64_list { value: 20 } } } }

    Source:
        FillClassifyRegressRequestFromJson of TensorFlow Serving's util/json_tensor.cc.
    """
    document = parse_document(body)
    name = signature_name(document)
    input_message = Input()
    example_list = input_message.example_list
    if "context" in document:
        example_list = input_message.example_list_with_context
        example_list.context.SetInParent()
        _fill_example(example_list.context, document["context"])
    if "examples" not in document:
        raise _format_error(
            document, "When method is classify, key 'examples' is expected and was not found"
        )
    examples = document["examples"]
    if not isinstance(examples, list):
        raise _format_error(document, "Expecting 'examples' value to be an list/array")
    if not examples:
        raise _format_error(document, "'examples' value is an empty array")
    for value in examples:
        _fill_example(example_list.examples.add(), value)
    return name, input_message


def _fill_example(example: Example, value: Any) -> None:
    if not isinstance(value, dict):
        raise invalid_argument(f"Example must be JSON object but got JSON {json_type_name(value)}")
    for name, content in value.items():
        elements = content if isinstance(content, list) else [content]
        _fill_feature(example.features.feature[name], name, elements)


def _fill_feature(feature: Feature, name: str, elements: list[Any]) -> None:
    kinds = set(map(type, elements))
    if kinds == {str}:
        feature.bytes_list.value.extend(map(str.encode, elements))
    elif kinds == {int} and max(elements) <= _HIGHEST_INT64:
        feature.int64_list.value.extend(elements)
    elif kinds == {float}:
        feature.float_list.value.extend(elements)
    else:
        for element in elements:
            _add_element(feature, name, element)


def _add_element(feature: Feature, name: str, element: Any) -> None:
    is_bytes = isinstance(element, str) or is_base64_object(element)
    if not is_bytes and not isinstance(element, bool | int | float):
        raise invalid_argument(
            f"Feature: {name} has element with unexpected JSON type: {json_type_name(element)}"
        )
    if is_bytes:
        kind = "bytes_list"
    else:
        kind = "float_list" if isinstance(element, float) else "int64_list"
    present = feature.WhichOneof("kind")
    if present not in (None, kind):
        raise invalid_argument(
            f"Unexpected element type in feature: {name} expecting type: {_KINDS[present]}"
        )
    if isinstance(element, dict):
        element = decode_base64_object(element)
    elif isinstance(element, str):
        element = element.encode()
    elif not isinstance(element, float):
        element = int(element)  # of a bool too
        if element > _HIGHEST_INT64:
            raise invalid_argument(
                f"Feature: {name} has uint64_t element. Only int64_t is supported."
            )
    getattr(feature, kind).value.append(element)


def _format_error(document: dict[str, Any], problem: str) -> StatusError:
    return invalid_argument(f"JSON Value: {quote_value(document)} {problem}")
