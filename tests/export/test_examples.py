from typing import Any

import numpy as np
import pytest
from export_rows import example_rows

from infnet_keras.features import Assets, RawInput, raw_inputs, read_raw
from infnet_keras.spec import FeatureSpec

pytestmark = pytest.mark.backend("tensorflow")
INPUTS = [
    RawInput("user", "string", "value", "user"),
    RawInput("price", "float32", "value", "item"),
    RawInput("at", "int64", "value", "context"),
    RawInput("click__item", "int64", "sequence", "user"),
    RawInput("click__tag", "string", "sequence", "user"),
    RawInput("click__length", "int64", "length", "user"),
]
SMALLEST = -(2**63)


def parse(*examples: bytes) -> dict[str, Any]:
    import tensorflow as tf

    from infnet_keras.export.examples import parse_examples

    serialized = tf.constant(list(examples), tf.string)
    return {name: tensor.numpy() for name, tensor in parse_examples(serialized, INPUTS).items()}


def example(**features: Any) -> bytes:
    """A tf.Example written field by field, as another program would."""
    import tensorflow as tf

    kinds = {
        int: lambda v: tf.train.Feature(int64_list=tf.train.Int64List(value=v)),
        float: lambda v: tf.train.Feature(float_list=tf.train.FloatList(value=v)),
        bytes: lambda v: tf.train.Feature(bytes_list=tf.train.BytesList(value=v)),
    }
    built = {
        name: kinds[type(values[0])](values) if values else tf.train.Feature()
        for name, values in features.items()
    }
    return tf.train.Example(features=tf.train.Features(feature=built)).SerializeToString()


def test_histories_are_as_long_as_their_lists() -> None:
    found = parse(
        example(user=[b"ann"], click__item=[1, 2, 3], click__tag=[b"a", b"", b"c"]),
        example(user=[b"bob"], click__item=[4], click__tag=[b"d"]),
        example(user=[b"eve"]),
    )
    assert found["click__length"].tolist() == [3, 1, 0]
    assert found["click__item"].tolist() == [[1, 2, 3], [4, SMALLEST, SMALLEST], [SMALLEST] * 3]
    assert found["click__tag"].tolist() == [[b"a", b"", b"c"], [b"d", b"", b""], [b""] * 3]


def test_the_shortest_list_of_a_behaviour_counts() -> None:
    found = parse(
        example(click__item=[1, 2, 3, 4], click__tag=[b"a", b"b"]), example(click__item=[5])
    )
    assert found["click__length"].tolist() == [2, 0]
    assert found["click__item"].tolist() == [[1, 2], [5, SMALLEST]]
    assert found["click__tag"].tolist() == [[b"a", b"b"], [b"", b""]]


def test_what_is_absent_or_empty_is_missing_and_the_first_of_several_counts() -> None:
    found = parse(
        example(label=[1]),
        example(user=[], price=[], at=[]),
        example(user=[b"ann", b"bob"], price=[1.5, 2.5], at=[7, 8]),
    )
    assert found["user"].tolist() == [b"", b"", b"ann"]
    np.testing.assert_array_equal(found["price"], np.float32([np.nan, np.nan, 1.5]))
    assert found["at"].tolist() == [SMALLEST, SMALLEST, 7]


def test_no_example_at_all() -> None:
    found = parse()
    assert found["user"].shape == (0,)
    assert found["click__item"].shape == (0, 0)
    assert found["click__length"].shape == (0,)


def test_building_and_parsing_give_the_row_back(spec: FeatureSpec, assets: Assets) -> None:
    import tensorflow as tf

    from infnet_keras.export.examples import example_spec, parse_examples, to_example

    inputs = raw_inputs(spec, assets.column_types)
    given = example_rows()
    raw = read_raw(inputs, given)
    rows = [{name: column[n] for name, column in given.items()} for n in range(24)]
    serialized = tf.constant([to_example(row, inputs) for row in rows])

    found = {name: tensor.numpy() for name, tensor in parse_examples(serialized, inputs).items()}
    lengths = {"view": raw["view__length"], "click": raw["click__length"]}
    for name, _, kind, _, _, sequence in inputs:
        if kind != "sequence":
            np.testing.assert_array_equal(found[name], raw[name], err_msg=name)
            continue
        for row, length in enumerate(lengths[sequence]):
            assert found[name][row, :length].tolist() == raw[name][row, :length].tolist()

    parsing = example_spec(spec, assets)
    assert set(parsing) == {i.name for i in inputs if i.kind != "length"}
    parsed = tf.io.parse_example(serialized, parsing)
    assert parsed["view__tag"].row_lengths().numpy().tolist() == given["view__length"]


def test_a_row_may_hold_arrays_bytes_and_nones() -> None:
    from infnet_keras.export.examples import to_example

    row = {
        "user": b"\xff\x00",
        "price": None,
        "at": np.int64(SMALLEST),
        "click__item": np.array([2**63 - 1, 2, 3]),
        "click__tag": [None, "b", "c"],
        "click__length": np.int64(-4),
    }
    found = parse(to_example(row, INPUTS), to_example({**row, "click__length": 2}, INPUTS))
    assert found["user"].tolist() == [b"\xff\x00"] * 2
    assert np.isnan(found["price"]).all()
    assert found["at"].tolist() == [SMALLEST] * 2
    assert found["click__length"].tolist() == [0, 2]
    assert found["click__item"][1].tolist() == [2**63 - 1, 2]
    assert found["click__tag"][1].tolist() == [b"", b"b"]
