"""Both clients against the embedded server: the same answers as in process."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from client_server import Connect, Served
from served_models import ROWS, padded_columns, raw_columns

from infnet_keras.export.predict import answer, load
from serving.client import GrpcClient, RestClient, ServingError
from serving.status import Code

pytestmark = pytest.mark.backend("tensorflow")
TASKS = ["click", "like"]


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.fixture(scope="module")
def loaded(served: Served) -> Any:
    return load(served.models / "ranking" / "1")


@pytest.fixture(scope="module")
def expected(loaded: Any) -> dict[str, Any]:
    """The probabilities of every row, asked in process, filled up by hand."""
    outputs: dict[str, Any] = answer(loaded, {"inputs": padded_columns()})["outputs"]
    assert len(np.unique(np.round(outputs["click"], 5))) == ROWS  # no row passes for another
    return outputs


def check(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert list(found) == TASKS
    for task, scores in found.items():
        assert scores.dtype == np.float32
        np.testing.assert_allclose(scores, expected[task], rtol=0, atol=1e-6)


def test_rows_are_filled_up_and_counted(connect: Connect, expected: dict[str, Any]) -> None:
    check(connect("ranking").predict(rows_of(raw_columns()), "predict"), expected)


def test_columns_of_lists(connect: Connect, expected: dict[str, Any]) -> None:
    check(connect("ranking").predict(raw_columns(), "predict"), expected)


def test_columns_of_arrays(connect: Connect, expected: dict[str, Any]) -> None:
    columns = {name: np.array(values, object) for name, values in padded_columns().items()}
    columns["view__length"] = columns["view__length"].astype(np.int32)
    columns["duration"] = columns["duration"].astype(np.float64)
    check(connect("ranking").predict(columns, "predict"), expected)


def test_one_row_alone_has_the_answer_that_it_has_among_others(
    connect: Connect, expected: dict[str, Any]
) -> None:
    client = connect("ranking")
    for number, row in enumerate(rows_of(raw_columns())):
        alone = client.predict([row], "predict")
        check(alone, {task: [expected[task][number]] for task in TASKS})


def test_a_length_that_is_given_counts(connect: Connect, loaded: Any) -> None:
    lengths = [0, 0, 1, 3, 0, 1]
    outputs = answer(loaded, {"inputs": {**padded_columns(), "view__length": lengths}})["outputs"]
    rows = rows_of({**raw_columns(), "view__length": lengths})
    check(connect("ranking").predict(rows, "predict"), outputs)
    for number in (0, 1, 3):
        lengths[number] = len(raw_columns()["view__video_id"][number])
        rows[number]["view__length"] = None
    del rows[3]["view__length"]
    outputs = answer(loaded, {"inputs": {**padded_columns(), "view__length": lengths}})["outputs"]
    check(connect("ranking").predict(rows, "predict"), outputs)


@pytest.mark.parametrize("count", [1, 3])
def test_ranking_scores_each_candidate_as_a_row_of_its_own(connect: Connect, count: int) -> None:
    client = connect("ranking")
    columns = raw_columns()
    items = ("video_id", "tag", "duration")
    candidates = rows_of({name: columns[name][:count] for name in items})
    user = {name: values[3] for name, values in columns.items() if name not in items}
    scores = client.rank(user, candidates)
    check(scores, client.predict([{**user, **item} for item in candidates], "predict"))


def test_ranking_no_candidates(connect: Connect) -> None:
    scores = connect("ranking").rank({}, [])
    assert {task: values.shape for task, values in scores.items()} == {"click": (0,), "like": (0,)}


def test_serialised_examples_need_no_name(connect: Connect, expected: dict[str, Any]) -> None:
    import tensorflow as tf

    def feature(value: Any) -> Any:
        values = value if isinstance(value, list) else [] if value is None else [value]
        if any(isinstance(v, str) for v in values):
            texts = [(v or "").encode() for v in values]
            return tf.train.Feature(bytes_list=tf.train.BytesList(value=texts))
        if any(isinstance(v, float) for v in values):
            return tf.train.Feature(float_list=tf.train.FloatList(value=values))
        whole = [-(2**63) if v is None else v for v in values]
        return tf.train.Feature(int64_list=tf.train.Int64List(value=whole) if whole else None)

    examples = [
        tf.train.Example(
            features=tf.train.Features(feature={name: feature(v) for name, v in row.items()})
        ).SerializeToString()
        for row in rows_of(raw_columns())
    ]
    check(connect("ranking").predict(examples), expected)


def test_every_type_and_shape_comes_back_as_it_went(connect: Connect) -> None:
    smallest32, smallest64 = np.iinfo(np.int32).min, np.iinfo(np.int64).min
    found = connect("plain").predict(
        {
            "whole": [[1, 2, 3], [], [None, -5]],
            "byte": [0, 255],
            "flag": (True, False),
            "real": [0.1, None],
            "pair": [[1e39, -1e39], None],
            "cube": [[[2**63 - 1], [1, 2]], [[3]]],
            "text": [["a", b"\xff\x00"], [{"b64": "w6k="}]],
            "scalar": 7,
        },
        "echo",
    )
    whole = [[1, 2, 3], [smallest32] * 3, [smallest32, -5, smallest32]]
    cube = [[[2**63 - 1, smallest64], [1, 2]], [[3, smallest64], [smallest64, smallest64]]]
    expected = {
        "byte_out": np.array([0, 255], np.uint8),
        "cube_out": np.array(cube),
        "flag_out": np.array([True, False]),
        "pair_out": np.array([[np.inf, -np.inf], [np.nan, np.nan]], np.float32),
        "real_out": np.array([[0.1], [np.nan]]),
        "scalar_out": np.float32(7.0),
        "text_bytes": np.array([[b"a", b"\xff\x00"], ["é".encode(), b""]], object),
        "text_out": np.array([[b"a", b"\xff\x00"], ["é".encode(), b""]], object),
        "whole_out": np.array(whole, np.int32),
    }
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name].dtype == value.dtype, name
        np.testing.assert_array_equal(found[name], value, strict=True)


def test_narrow_floats_over_grpc(served: Served) -> None:
    with GrpcClient(served.grpc, "plain") as client:
        found = client.predict([0.5, None, 3], "narrow")
    np.testing.assert_array_equal(found["twice"], np.array([1, np.nan, 6], np.float16), strict=True)
    assert found["brain"].dtype.name == "bfloat16"


def test_what_json_cannot_say_is_refused(served: Served) -> None:
    with (
        RestClient(served.rest, "plain") as client,
        pytest.raises(ServingError, match=r"cube would have the shape \[1, 0, 0\]") as refused,
    ):
        client.predict(
            {
                "whole": [[1]],
                "byte": [1],
                "flag": [True],
                "real": [1],
                "pair": [[1, 2]],
                "cube": [[]],
                "text": [[]],
                "scalar": 1,
            },
            "echo",
        )
    assert refused.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize("features", [[1, 2.0, 5], [{"x": 1}, {"x": 2}, {"x": 5}]])
def test_versions_and_labels(connect: Connect, features: list[Any]) -> None:
    client = connect("plain")
    by_default = client.predict(features)["y"]
    np.testing.assert_array_equal(by_default, np.float32([2.25, 2.5, 3.25]), strict=True)
    for chosen in ({"version": 1}, {"label": "stable"}):
        np.testing.assert_array_equal(client.predict(features, **chosen)["y"], [2.5, 3.0, 4.5])
    np.testing.assert_array_equal(client.predict({"x": np.arange(3)})["y"], [2.0, 2.25, 2.5])
    np.testing.assert_array_equal(client.predict(np.arange(3))["y"], [2.0, 2.25, 2.5])


def test_more_than_four_mebibytes(connect: Connect) -> None:
    x = np.arange(1_200_000, dtype=np.float32)
    np.testing.assert_array_equal(connect("plain").predict({"x": x}, version=1)["y"], x / 2 + 2)


def test_many_threads_share_a_client(connect: Connect) -> None:
    client = connect("plain")

    def ask(x: int) -> float:
        return float(client.predict([x], version=1)["y"][0])

    with ThreadPoolExecutor(16) as pool:
        assert list(pool.map(ask, range(64))) == [x / 2 + 2 for x in range(64)]


def test_metadata_is_the_same_over_both(served: Served) -> None:
    with RestClient(served.rest, "plain") as rest, GrpcClient(served.grpc, "plain") as grpc:
        found = rest.metadata()
        assert found == grpc.metadata()
        assert rest.metadata(label="stable") == grpc.metadata(version=1)
    assert (found.name, found.version) == ("plain", 2)
    assert str(found.signatures["echo"].inputs["pair"]) == "float32 [any, 2]"
    assert str(found.signatures["serving_default"].outputs["y"]) == "float32 [any]"


def test_status(connect: Connect) -> None:
    client = connect("plain")
    assert [str(status) for status in client.status()] == [
        "version 2 is AVAILABLE",
        "version 1 is AVAILABLE",
    ]
    assert [status.version for status in client.status(1)] == [1]
    assert client.wait_until_available(60.0, version=1) == client.status(1)
