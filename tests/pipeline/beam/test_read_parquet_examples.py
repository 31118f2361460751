"""Examples in Parquet as tf.Examples."""

import apache_beam as beam
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from apache_beam.options.pipeline_options import PipelineOptions
from google.protobuf.json_format import MessageToDict
from tensorflow.core.example.example_pb2 import Example

from infnet_keras.errors import DataError
from tfx_pipeline.beam.encode import ExampleEncoder
from tfx_pipeline.beam.local_runner import with_local_runner
from tfx_pipeline.beam.read import read_parquet_examples


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


def test_files_of_a_directory(tmp_path) -> None:
    for number in range(3):
        pq.write_table(TABLE.slice(number, 1), tmp_path / f"{number}.parquet")
    with beam.Pipeline(options=PipelineOptions(with_local_runner([]))) as pipeline:
        read = read_parquet_examples(pipeline, str(tmp_path))
        _ = read | beam.Map(lambda e: (tmp_path / f"{hash(e)}.bin").write_bytes(e))
    found = [features(path.read_bytes()) for path in tmp_path.glob("*.bin")]
    assert_expected(sorted(found, key=lambda row: [1, 0, 2].index(row["small"][0])))


def test_no_file(tmp_path) -> None:
    with pytest.raises(DataError, match=r"no file matches '\*.parquet'"):
        read_parquet_examples(beam.Pipeline(), str(tmp_path))
