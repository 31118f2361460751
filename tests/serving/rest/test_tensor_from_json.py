import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tensorflow.core.framework import types_pb2

from serving.rest.json_document import quote_value
from serving.rest.tensor_from_json import check_tensor, stack_tensors, tensor_from_json
from serving.saved_model.data_types import numpy_type
from serving.status import Code, StatusError

INTEGER_BOUNDS = {
    types_pb2.DT_INT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT16: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT32: (-(2**31), 2**31 - 1),
    types_pb2.DT_UINT8: (-(2**31), 2**31 - 1),
    types_pb2.DT_INT64: (-(2**63), 2**63 - 1),
    types_pb2.DT_UINT32: (0, 2**32 - 1),
    types_pb2.DT_UINT64: (0, 2**64 - 1),
}
DATA_TYPES = [
    *INTEGER_BOUNDS,
    types_pb2.DT_FLOAT,
    types_pb2.DT_DOUBLE,
    types_pb2.DT_BOOL,
    types_pb2.DT_STRING,
]
FLOAT_MAX = float(np.finfo(np.float32).max)

EDGES = [2**24 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1, 2**53, 2**63 - 1, 2**63]
SCALARS = (
    st.integers(-3, 3)
    | st.sampled_from([*EDGES, *(-edge for edge in EDGES), -(2**31) - 1, 2**64 - 1])
    | st.sampled_from([0.5, -0.0, 1e-300, FLOAT_MAX, -FLOAT_MAX, 3.41e38, -1e300])
    | st.sampled_from([math.nan, math.inf, -math.inf])
    | st.sampled_from(["", "é", "a", {"b64": "aGk="}, {"b64": "!"}, {"b64": "aGk", "c": 1}, {}])
    | st.sampled_from([True, False, None])
)
# Of one kind, so that many are right, and of any.
ELEMENTS = st.sampled_from(
    [
        st.integers(-3, 3),
        st.integers(-3, 3) | st.floats(width=32),
        st.text(max_size=3) | st.just({"b64": "aGk="}),
        st.booleans(),
        SCALARS,
    ]
)


@st.composite
def nested(draw):
    """Arrays nested alike, in which now and then something is replaced."""
    element = draw(ELEMENTS)
    shape = draw(st.lists(st.integers(0, 3), max_size=3))

    def build(level):
        if draw(st.integers(0, 30)) == 0:
            return draw(SCALARS | st.lists(SCALARS, max_size=3))
        if level == len(shape):
            return draw(element)
        return [build(level + 1) for _ in range(shape[level])]

    return build(0)


class Refused(Exception):
    pass


def reference(value, data_type):
    """TensorFlow Serving's recursion over the value: its shape and elements, or its complaint."""
    shape, first = [], value
    while isinstance(first, list):
        shape.append(len(first))
        if not first:
            break
        first = first[0]
    elements = []

    def fill(item, level):
        if not isinstance(item, list):
            if level != len(shape):
                raise Refused("found at incorrect level", level + 1, len(shape))
            elements.append(element(item))
            return
        if level >= len(shape):
            raise Refused("unexpected level", level, len(shape))
        if len(item) != shape[level]:
            raise Refused("unexpected size", len(item), level, shape[level])
        for child in item:
            fill(child, level + 1)

    def element(item):
        wrong_type = Refused(f"JSON Value: {quote_value(item)} Type: ", "is not of expected type")
        if isinstance(item, dict):
            if data_type != types_pb2.DT_STRING:
                raise wrong_type
            if item == {"b64": "aGk="}:
                return b"hi"
            bad_base64 = item == {"b64": "!"}
            raise Refused(
                "Unable to base64" if bad_base64 else "not formatted correctly for base64"
            )
        if data_type in (types_pb2.DT_FLOAT, types_pb2.DT_DOUBLE):
            if isinstance(item, bool) or not isinstance(item, int | float):
                raise wrong_type
            # GetFloat casts GetDouble: rounded, and infinite beyond what a float rounds to.
            if data_type == types_pb2.DT_FLOAT and math.isfinite(item) and abs(item) > FLOAT_MAX:
                beyond = abs(float(item)) >= FLOAT_MAX + 2.0**103
                return math.copysign(math.inf if beyond else FLOAT_MAX, item)
            return float(item)
        if data_type in INTEGER_BOUNDS:
            low, high = INTEGER_BOUNDS[data_type]
            if type(item) is not int or not low <= item <= high:
                raise wrong_type
            bits = 8 * numpy_type(data_type).itemsize
            wrapped = item % 2**bits
            signed = data_type in range(types_pb2.DT_INT16, types_pb2.DT_INT8 + 1) or (
                data_type in (types_pb2.DT_INT32, types_pb2.DT_INT64)
            )
            return wrapped - 2**bits if signed and wrapped >= 2 ** (bits - 1) else wrapped
        if data_type == types_pb2.DT_BOOL and isinstance(item, bool):
            return item
        if data_type == types_pb2.DT_STRING and isinstance(item, str):
            return item.encode()
        raise wrong_type

    fill(value, 0)
    return shape, elements


@given(nested(), st.sampled_from(DATA_TYPES))
@example([[], []], types_pb2.DT_FLOAT)
@example([[], [1]], types_pb2.DT_FLOAT)
@example([[[], []], [[], [1]]], types_pb2.DT_INT64)
@example(-(2**63), types_pb2.DT_FLOAT)
@example([1, 2**63], types_pb2.DT_INT64)
@example([1.5, 2**24], types_pb2.DT_FLOAT)
def test_is_what_tensorflow_serving_makes_of_it(value, data_type):
    try:
        shape, elements = reference(value, data_type)
    except Refused as refused:
        with pytest.raises(StatusError) as caught:
            tensor_from_json(value, data_type)
        position = 0
        for part in map(str, refused.args):
            assert part in caught.value.message[position:]
            position = caught.value.message.index(part, position) + len(part)
        return
    array = tensor_from_json(value, data_type)
    assert array.dtype == numpy_type(data_type)
    assert array.shape == tuple(shape)
    expected = np.empty(len(elements), np.object_)
    expected[:] = elements
    np.testing.assert_array_equal(array, expected.astype(array.dtype).reshape(shape))
    if data_type == types_pb2.DT_STRING:
        assert all(type(text) is bytes for text in array.ravel())


@given(nested(), st.sampled_from(DATA_TYPES))
def test_stacks_just_what_passes_the_element_wise_check(value, data_type):
    stacked = stack_tensors([value], data_type)
    if stacked is None:
        with pytest.raises(StatusError):
            check_tensor(value, data_type)
    else:
        assert [1, *check_tensor(value, data_type)] == list(stacked.shape)


@pytest.mark.parametrize(
    ("value", "data_type", "message"),
    [
        (
            [[1, 2], ["a", "b"]],
            types_pb2.DT_INT32,
            'JSON Value: "a" Type: String is not of expected type: int32',
        ),
        (1.0, types_pb2.DT_INT32, "JSON Value: 1.0 Type: Number is not of expected type: int32"),
        (
            2**31,
            types_pb2.DT_UINT8,
            "JSON Value: 2147483648 Type: Number is not of expected type: uint8",
        ),
        (-1, types_pb2.DT_UINT32, "JSON Value: -1 Type: Number is not of expected type: uint32"),
        (None, types_pb2.DT_FLOAT, "JSON Value: null Type: Null is not of expected type: float"),
        (True, types_pb2.DT_DOUBLE, "JSON Value: true Type: True is not of expected type: double"),
        (1, types_pb2.DT_BOOL, "JSON Value: 1 Type: Number is not of expected type: bool"),
        (
            {"b64": "aGk="},
            types_pb2.DT_INT64,
            'JSON Value: {\n    "b64": "aGk="\n} Type: Object is not of expected type: int64',
        ),
        (
            [[1], 2],
            types_pb2.DT_INT32,
            "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        ([1, [2]], types_pb2.DT_INT32, "Encountered list at unexpected level: 1 expected < 1"),
        (
            [[1], [2, 3]],
            types_pb2.DT_INT32,
            "Encountered list at unexpected size: 2 at level: 1 expected size: 1",
        ),
    ],
)
def test_the_words_of_its_errors(value, data_type, message):
    with pytest.raises(StatusError) as caught:
        tensor_from_json(value, data_type)
    assert (caught.value.code, caught.value.message) == (Code.INVALID_ARGUMENT, message)


@pytest.mark.parametrize("data_type", [types_pb2.DT_HALF, types_pb2.DT_COMPLEX64])
def test_a_type_that_json_has_not_is_unimplemented(data_type):
    with pytest.raises(StatusError, match=r"^UNIMPLEMENTED: Conversion of JSON Value: 0.5 to type"):
        tensor_from_json([0.5], data_type)
    assert tensor_from_json([], data_type).shape == (0,)


def test_a_resource_is_unimplemented():
    with pytest.raises(StatusError, match=r"^UNIMPLEMENTED: .* to type: resource$"):
        tensor_from_json([], types_pb2.DT_RESOURCE)


@pytest.mark.parametrize("depth", [64, 65, 200, 900])
def test_deep_nesting_is_an_array_or_an_error(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    if depth <= 63:
        assert tensor_from_json(value, types_pb2.DT_INT32).ndim == depth
    else:
        with pytest.raises(StatusError, match="nested too deep"):
            tensor_from_json(value, types_pb2.DT_INT32)
    with pytest.raises(StatusError, match="not of expected type"):
        tensor_from_json(value, types_pb2.DT_BOOL)
