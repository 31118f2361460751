"""Tables of examples as tf.Examples."""

import pyarrow as pa
from google.protobuf.json_format import MessageToDict
from tensorflow.core.example.example_pb2 import Example

from tfx_pipeline.beam.encode import ExampleEncoder


def features(serialized: bytes) -> dict[str, list[object] | None]:
    """Values by name, None for a feature without a kind of value."""
    example = Example.FromString(serialized)
    found: dict[str, list[object] | None] = {}
    for name, feature in example.features.feature.items():
        kind = feature.WhichOneof("kind")
        found[name] = None if kind is None else list(getattr(feature, kind).value)
    assert MessageToDict(example)
    return found


TABLE = pa.table(
    {
        "integer": pa.array([0, None, -(2**63)], pa.int64()),
        "small": pa.array([1, 0, 2], pa.int8()),
        "flag": pa.array([True, False, None]),
        "number": pa.array([0.0, None, 1.5], pa.float32()),
        "double": pa.array([0.0, 2.5, None], pa.float64()),
        "text": pa.array(["", None, "ä"]),
        "category": pa.array(["a", None, "b"]).dictionary_encode(),
        "integers": pa.array([[], [0, None], None], pa.list_(pa.int64())),
        "numbers": pa.array([[0.5], [], [None]], pa.list_(pa.float32())),
        "texts": pa.array([["", "x"], [None], []], pa.large_list(pa.string())),
    }
)
EXPECTED = [
    {"integer": [0], "small": [1], "flag": [1], "number": [0.0], "double": [0.0], "text": [b""]}
    | {"category": [b"a"], "integers": [], "numbers": [0.5], "texts": [b"", b"x"]},
    {"integer": None, "small": [0], "flag": [0], "number": None, "double": [2.5], "text": None}
    | {"category": None, "integers": [0, -(2**63)], "numbers": [], "texts": [b""]},
    {"integer": [-(2**63)], "small": [2], "flag": None, "number": [1.5], "double": None}
    | {"text": ["ä".encode()], "category": [b"b"], "integers": [], "texts": []},
]


def assert_expected(found: list[dict[str, list[object] | None]]) -> None:
    for row, expected in zip(found, EXPECTED, strict=True):
        numbers = row.pop("numbers")
        if "numbers" in expected:
            assert numbers == expected["numbers"]
        else:
            assert str(numbers) == "[nan]"
        assert row == {name: value for name, value in expected.items() if name != "numbers"}


def test_zeros_and_empty_strings_are_values() -> None:
    assert_expected([features(example) for example in ExampleEncoder().encode(TABLE)])


def test_slices_are_encoded_as_what_they_show() -> None:
    padded = pa.concat_tables([TABLE, TABLE.slice(1), TABLE.slice(0, 1)])
    found = ExampleEncoder().encode(padded.slice(3, 2))
    assert_expected([features(e) for e in [*ExampleEncoder().encode(TABLE.slice(0, 1)), *found]])
    assert ExampleEncoder().encode(TABLE.slice(0, 0)) == []


def test_the_same_rows_give_the_same_bytes() -> None:
    wide = pa.table({f"column_{number}": [number, 7] for number in range(40)})
    first, second = ExampleEncoder().encode(wide), ExampleEncoder().encode(wide)
    assert first == second
    example = Example.FromString(first[0])
    assert first[0] == example.SerializeToString(deterministic=True)
    assert example.features.feature["column_3"].int64_list.value == [3]
