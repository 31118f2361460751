import contextlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tensorflow.core.framework import types_pb2
from tensorflow.core.protobuf.meta_graph_pb2 import TensorInfo

from serving.rest.predict_request import RequestFormat, parse_predict
from serving.status import Code, StatusError, not_found

INT = types_pb2.DT_INT32
FLOAT = types_pb2.DT_FLOAT
STRING = types_pb2.DT_STRING


def parse(body, **data_types):
    inputs = {name: TensorInfo(dtype=data_type) for name, data_type in data_types.items()}
    return parse_predict(body.encode(), lambda name: inputs)


def error_of(body, **data_types):
    with pytest.raises(StatusError) as caught:
        parse(body, **data_types)
    assert caught.value.code is Code.INVALID_ARGUMENT
    return caught.value.message


def assert_input(parsed, name, data_type, value):
    np.testing.assert_array_equal(parsed.inputs[name], np.array(value, data_type))
    assert parsed.inputs[name].dtype == data_type


def test_rows_of_the_only_input():
    parsed = parse('{"instances": [[1,2],[3,4],[5,6]]}', x=INT)
    assert (parsed.signature_name, parsed.format) == ("", RequestFormat.ROW)
    assert list(parsed.inputs) == ["x"]
    assert_input(parsed, "x", np.int32, [[1, 2], [3, 4], [5, 6]])


@pytest.mark.parametrize("data_type", [FLOAT, types_pb2.DT_DOUBLE])
def test_integers_among_floats(data_type):
    parsed = parse('{"instances": [1, 2.0, 3, 5.003, 0.007, 0]}', x=data_type)
    dtype = np.float32 if data_type == FLOAT else np.float64
    assert_input(parsed, "x", dtype, [1, 2, 3, 5.003, 0.007, 0])


def test_a_signature_is_named():
    asked = []

    def inputs_of(name):
        asked.append(name)
        return {"x": TensorInfo(dtype=INT)}

    body = b'{"signature_name": "predict_images", "instances": [[1,2]]}'
    assert parse_predict(body, inputs_of).signature_name == "predict_images"
    assert asked == ["predict_images"]


def test_a_signature_that_is_not_there_is_told_before_the_instances_are_looked_at():
    def inputs_of(name):
        raise not_found(f"no signature {name}")

    with pytest.raises(StatusError, match=r"^NOT_FOUND: no signature a$"):
        parse_predict(b'{"signature_name": "a", "instances": 1}', inputs_of)


@pytest.mark.parametrize(
    ("instances", "value"),
    [
        ('[{"b64": "aGVsbG8="}, {"b64": "d29ybGQ="}]', [b"hello", b"world"]),
        ('[[{"b64": "aGVsbG8="}], [{"b64": "d29ybGQ="}]]', [[b"hello"], [b"world"]]),
        ('[{"x": [[{"b64": "aGVsbG8="}], ["é"]]}]', [[[b"hello"], ["é".encode()]]]),
    ],
)
def test_strings_may_be_base64(instances, value):
    assert_input(parse(f'{{"instances": {instances}}}', x=STRING), "x", np.object_, value)


def test_rows_of_several_inputs():
    parsed = parse(
        """{"instances": [
            {"i": [[1,2],[3,4],[5,6]], "s": ["foo", "bar"], "f": [1.0, NaN], "d": [NaN]},
            {"i": [[7,8],[9,0],[1,2]], "d": [2.0], "s": ["baz", "bat"], "f": [2.0, Infinity]}
        ]}""",
        i=INT,
        s=STRING,
        f=FLOAT,
        d=types_pb2.DT_DOUBLE,
    )
    assert parsed.format is RequestFormat.ROW
    assert_input(parsed, "i", np.int32, [[[1, 2], [3, 4], [5, 6]], [[7, 8], [9, 0], [1, 2]]])
    assert_input(parsed, "s", np.object_, [[b"foo", b"bar"], [b"baz", b"bat"]])
    assert_input(parsed, "f", np.float32, [[1, np.nan], [2, np.inf]])
    assert_input(parsed, "d", np.float64, [[np.nan], [2]])


def test_a_column_of_the_only_input_with_and_without_its_name():
    for inputs in ('{"x": [[[1,2],[3,4],[5,6]]]}', "[[[1,2],[3,4],[5,6]]]"):
        parsed = parse(f'{{"inputs": {inputs}}}', x=INT)
        assert parsed.format is RequestFormat.COLUMNAR
        assert_input(parsed, "x", np.int32, [[[1, 2], [3, 4], [5, 6]]])


def test_columns_of_several_inputs_and_a_scalar():
    parsed = parse(
        '{"inputs": {"i": [[1],[2]], "s": ["foo"], "b": {"b64": "aGVsbG8="}, "unknown": 1}}',
        i=INT,
        s=STRING,
        b=STRING,
    )
    assert_input(parsed, "i", np.int32, [[1], [2]])
    assert_input(parsed, "s", np.object_, [b"foo"])
    assert_input(parsed, "b", np.object_, b"hello")


def test_an_input_named_b64_takes_only_what_is_no_base64_object():
    assert_input(parse('{"instances": [{"b64": 1}]}', b64=INT), "b64", np.int32, [1])
    assert_input(parse('{"instances": [{"b64": "aGk="}]}', b64=STRING), "b64", np.object_, [b"hi"])


def test_short_integers_wrap():
    parsed = parse('{"instances": [255, -129, 300]}', x=types_pb2.DT_INT8)
    assert_input(parsed, "x", np.int8, [-1, 127, 44])


def test_lists_may_be_empty():
    assert parse('{"instances": [[], []]}', x=INT).inputs["x"].shape == (2, 0)
    assert parse('{"inputs": []}', x=STRING).inputs["x"].shape == (0,)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "JSON Parse error: The document is empty"),
        (
            '{"signature_name": 5, "instances": [1]}',
            'JSON Value: {\n    "signature_name": 5,\n    "instances": [1]\n} not '
            "formatted correctly. 'signature_name' key must be a string value.",
        ),
        (
            '{"instances": [], "inputs": 1}',
            'JSON Value: {\n    "instances": [],\n    "inputs": 1\n} Not formatted correctly '
            "expecting only one of 'inputs' or 'instances' keys to exist ",
        ),
        (
            '{"instances": 1}',
            "JSON Value: {\n    \"instances\": 1\n} Expecting 'instances' to be an list/array",
        ),
        (
            '{"instances": []}',
            "JSON Value: {\n    \"instances\": []\n} No values in 'instances' array",
        ),
        ("{}", "Missing 'inputs' or 'instances' key"),
        (
            '{"instances": [[1,2],[3,4],[5,6,7]]}',
            "Failed to process element: 2 of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting tensor size: 2 but got: 3",
        ),
        (
            '{"instances": [[1,2],[3,4],[[5,6]]]}',
            "Failed to process element: 2 of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting shape [2] but got: [1,2]",
        ),
        (
            '{"instances": [1, [1]]}',
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting shape [] but got: [1]",
        ),
        (
            '{"instances": [[1,2],["a","b"]]}',
            "Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
            'JSON Value: "a" Type: String is not of expected type: int32',
        ),
        (
            '{"instances": [{"y": 1}]}',
            "Failed to process element: 0 key: y of 'instances' list. Error: INVALID_ARGUMENT: "
            "JSON object: does not have named input: y",
        ),
        (
            '{"instances": [1, {"x": 1}]}',
            "Expecting value/list but got object at item 1 of input list",
        ),
        (
            '{"instances": [{"x": 1}, 2]}',
            "Expecting object but got list at item 1 of input list",
        ),
        (
            '{"instances": [{"x": 1}, {"b64": "aGk="}]}',
            "Expecting object but got list at item 1 of input list",
        ),
    ],
)
def test_errors_of_one_input(body, message):
    assert error_of(body, x=INT) == message


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            '{"instances": [{"i": [1], "s": "a"}, {"s": "b", "i": [[1]]}]}',
            "Failed to process element: 1 key: i of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting shape [1] but got: [1,1]",
        ),
        (
            '{"instances": [{"i": [1,2], "s": "a"}, {"i": [1], "s": 1}]}',
            "Failed to process element: 1 key: i of 'instances' list. Error: INVALID_ARGUMENT: "
            "Expecting tensor size: 2 but got: 1",
        ),
        (
            '{"instances": [{"i": 1, "s": "a"}, {"s": 1, "i": "a"}, 5]}',
            "Failed to process element: 1 key: s of 'instances' list. Error: INVALID_ARGUMENT: "
            "JSON Value: 1 Type: Number is not of expected type: string",
        ),
        (
            '{"instances": [{"s": "a"}]}',
            "Failed to process element: 0 of 'instances' list. JSON object: "
            '{\n    "s": "a"\n} keys must be equal to: i,s',
        ),
        (
            '{"instances": [{}]}',
            "Failed to process element: 0 of 'instances' list. JSON object: {} keys must be equal "
            "to: i,s",
        ),
        (
            '{"instances": [{"i": 1, "s": "a"}, [1]]}',
            "Expecting object but got list at item 1 of input list",
        ),
        (
            '{"instances": [1]}',
            "instances is a plain list, but expecting list of objects as multiple input tensors "
            "required as per tensorinfo_map",
        ),
        (
            '{"inputs": [1]}',
            "inputs is a plain value/list, but expecting an object as multiple input tensors "
            "required as per tensorinfo_map",
        ),
        ('{"inputs": {"i": 1}}', "Missing named input: s in 'inputs' object."),
        (
            '{"inputs": {"i": "a"}}',
            'JSON Value: "a" Type: String is not of expected type: int32',
        ),
    ],
)
def test_errors_of_several_inputs(body, message):
    assert error_of(body, i=INT, s=STRING) == message


def test_a_type_that_json_has_not_is_unimplemented_but_among_instances_invalid():
    with pytest.raises(
        StatusError, match=r"^UNIMPLEMENTED: Conversion of JSON Value: 1 to type: half$"
    ):
        parse('{"inputs": 1}', x=types_pb2.DT_HALF)
    assert error_of('{"instances": [1]}', x=types_pb2.DT_HALF) == (
        "Failed to process element: 0 of 'instances' list. Error: UNIMPLEMENTED: "
        "Conversion of JSON Value: 1 to type: half"
    )


@pytest.mark.parametrize(("signature", "shown"), [("", "DEFAULT"), ("a", "a")])
def test_a_signature_without_inputs(signature, shown):
    message = f"Failed to get input map for signature: {shown}"
    assert error_of(json.dumps({"signature_name": signature})) == message


ROWS = st.lists(
    st.dictionaries(
        st.sampled_from("is"),
        st.integers(0, 3) | st.lists(st.integers(0, 3), max_size=2) | st.sampled_from(["a", None]),
    )
    | st.sampled_from([1, [1]]),
    min_size=1,
    max_size=6,
)


@given(ROWS)
def test_the_first_wrong_instance_is_told(rows):
    """Its error is that of the request that ends with it, and without it all is well."""
    body = json.dumps({"instances": rows})
    try:
        parse(body, i=INT, s=INT)
        return
    except StatusError as error:
        message = error.message
    lengths = [
        length
        for length in range(1, len(rows) + 1)
        if not parses(json.dumps({"instances": rows[:length]}))
    ]
    shortest = json.dumps({"instances": rows[: lengths[0]]})
    assert error_of(shortest, i=INT, s=INT) == message
    if "element: " in message or "at item " in message:
        assert f"element: {lengths[0] - 1} " in message or f"item {lengths[0] - 1} " in message


def parses(body):
    try:
        parse(body, i=INT, s=INT)
    except StatusError:
        return False
    return True


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
        lambda children: (
            st.lists(children, max_size=3)
            | st.dictionaries(
                st.sampled_from(["i", "s", "b64", "instances", "inputs", "x"]), children
            )
        ),
        max_leaves=12,
    )
)
def test_no_document_raises_anything_but_status_errors(value):
    for document in (value, {"instances": value}, {"inputs": value}):
        for data_types in ({"i": INT, "s": STRING}, {"x": FLOAT}, {"x": STRING}, {"x": 1000}):
            with contextlib.suppress(StatusError):
                parse(json.dumps(document), **data_types)
