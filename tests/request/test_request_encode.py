from typing import Any

import numpy as np
import pytest

from infnet_keras.errors import DataError
from infnet_keras.request.encode import encode, encode_ranking
from infnet_keras.request.signature import Signature
from infnet_keras.request.tensor_spec import TensorSpec

FLAT, DEEP = (None,), (None, None)
PREDICT = Signature(
    "predict",
    {
        "user_id": TensorSpec("string", FLAT),
        "video_id": TensorSpec("int64", FLAT),
        "view__video_id": TensorSpec("int64", DEEP),
        "view__tag": TensorSpec("string", DEEP),
        "view__length": TensorSpec("int64", FLAT),
    },
    {"click": TensorSpec("float32", FLAT)},
)
RANK = Signature(
    "rank",
    {
        **PREDICT.inputs,
        "video_id": TensorSpec("int64", DEEP),
        "candidate_count": TensorSpec("int64", FLAT),
    },
    {"click": TensorSpec("float32", DEEP)},
)
ROWS: list[dict[str, Any]] = [
    {"user_id": "a", "video_id": 1, "view__video_id": [7, 8], "view__tag": ["x", None]},
    {"user_id": None, "video_id": None, "view__video_id": [], "view__tag": []},
    {"user_id": "c", "video_id": 3, "view__video_id": None, "view__tag": ("y",)},
]


def lists(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: array.tolist() for name, array in arrays.items()}


def test_rows_and_columns_are_one_request() -> None:
    smallest = -(2**63)
    by_row = encode(ROWS, PREDICT)
    assert lists(by_row) == {
        "user_id": [b"a", b"", b"c"],
        "video_id": [1, smallest, 3],
        "view__video_id": [[7, 8], [smallest, smallest], [smallest, smallest]],
        "view__tag": [[b"x", b""], [b"", b""], [b"y", b""]],
        "view__length": [2, 0, 0],
    }
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    assert lists(encode(columns, PREDICT)) == lists(by_row)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([1, None, 0], [1, 0, 0]),
        ([None] * 3, [2, 0, 0]),
        ((2, 0, 0), [2, 0, 0]),
        (np.array([0, 0, 0]), [0, 0, 0]),
    ],
)
def test_lengths_that_are_given_count(given: Any, expected: list[int]) -> None:
    rows = [{**row, "view__length": length} for row, length in zip(ROWS, given, strict=True)]
    assert encode(rows, PREDICT)["view__length"].tolist() == expected
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    arrays = encode({**columns, "view__length": given}, PREDICT)
    assert arrays["view__length"].tolist() == expected


def test_arrays_are_as_long_as_they_are() -> None:
    columns = {
        "user_id": np.array(["a", "b"]),
        "video_id": np.array([1, 2], np.int32),
        "view__video_id": np.zeros((2, 3), np.int64),
        "view__tag": np.full((2, 4), "x"),
    }
    assert encode(columns, PREDICT)["view__length"].tolist() == [3, 3]
    given = encode({**columns, "view__length": np.array([1, 2])}, PREDICT)
    assert given["view__length"].tolist() == [1, 2]


def test_columns_have_as_many_rows() -> None:
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    with pytest.raises(DataError, match=r"differ in their number of rows: .*'view__tag': 2"):
        encode({**columns, "view__tag": [[], []]}, PREDICT)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([3, 0, 0], "view__length is 3 in row 0, but the list of view__video_id has 2 elements"),
        ([1, 0, 1], "view__length is 1 in row 2, but the list of view__video_id has 0 elements"),
        ([-1, 0, 0], "view__length is -1 in row 0"),
        ([1, 0], "differ in their number of rows: .*'view__length': 2"),
        ([1.0, 0, 0], "view__length holds 1.0; it takes int64"),
    ],
)
def test_a_length_never_exceeds_its_lists(given: Any, said: str) -> None:
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    with pytest.raises(DataError, match=said):
        encode({**columns, "view__length": given}, PREDICT)


def test_the_shorter_list_bounds_a_length() -> None:
    row = {**ROWS[0], "view__tag": ["x"]}
    assert encode([row], PREDICT)["view__length"].tolist() == [1]
    with pytest.raises(DataError, match="but the list of view__tag has 1 elements"):
        encode([{**row, "view__length": 2}], PREDICT)


def test_a_length_that_is_no_column() -> None:
    columns = {name: [row[name] for row in ROWS] for name in ROWS[0]}
    with pytest.raises(DataError, match="view__length is nested 0 deep"):
        encode({**columns, "view__length": 3}, PREDICT)


def test_a_length_of_no_list_is_an_input_like_any_other() -> None:
    signature = Signature("f", {"arm__length": TensorSpec("float32", FLAT)}, {})
    assert encode([{"arm__length": 0.5}], signature)["arm__length"].tolist() == [0.5]
    with pytest.raises(DataError, match="row 0 lacks 'arm__length'"):
        encode([{}], signature)


def test_a_single_input_needs_no_name() -> None:
    takes = Signature("f", {"x": TensorSpec("string", FLAT)}, {})
    for features in (["a", {"b64": "Yg=="}], np.array(["a", "b"]), [{"x": "a"}, {"x": b"b"}]):
        assert encode(features, takes)["x"].tolist() == [b"a", b"b"]
    scalar = Signature("f", {"x": TensorSpec("string", ())}, {})
    assert encode({"b64": "Yg=="}, scalar)["x"].tolist() == b"b"
    assert encode({"x": "b"}, scalar)["x"].tolist() == b"b"


def test_a_ranking_has_one_row_and_a_count() -> None:
    user = {"user_id": "a", "view__video_id": [7], "view__tag": ["x"]}
    arrays = encode_ranking(user, [{"video_id": 5}, {"video_id": None}], RANK)
    assert lists(arrays) == {
        "user_id": [b"a"],
        "video_id": [[5, -(2**63)]],
        "view__video_id": [[7]],
        "view__tag": [[b"x"]],
        "view__length": [1],
        "candidate_count": [2],
    }
    empty = encode_ranking({**user, "view__video_id": [], "view__tag": []}, [{"video_id": 5}], RANK)
    assert empty["view__video_id"].shape == (1, 0)
    assert empty["view__length"].tolist() == [0]


def test_a_name_that_is_nearly_right() -> None:
    takes = r"signature 'predict' takes user_id: string \[any\], video_id: int64 \[any\]"
    with pytest.raises(DataError, match=f"row 2 has 'vide_id', .*mean 'video_id'\\? {takes}"):
        encode([*ROWS[:2], {**ROWS[2], "vide_id": 1}], PREDICT)
    with pytest.raises(DataError, match=f"the request lacks 'user_id'.*; {takes}"):
        encode({"video_id": [1]}, PREDICT)


def test_errors_say_the_names_of_the_request() -> None:
    inputs = {
        "x_0d0e1a": TensorSpec("string", FLAT),
        "view__item_id": TensorSpec("int64", (None, None)),
        "view__length": TensorSpec("int64", FLAT),
    }
    signature = Signature("predict", inputs, {})
    row = {"用户": "u", "view__item(id)": [1]}
    assert encode([row], signature)["view__length"].tolist() == [1]
    with pytest.raises(DataError, match=r"^用户 holds 5; it takes string"):
        encode([{**row, "用户": 5}], signature)
    with pytest.raises(DataError, match=r"^用户 is nested 2 deep"):
        encode({"用户": [["u"]], "view__item(id)": [[1]]}, signature)
    with pytest.raises(
        DataError, match=r"view__length is 2 in row 0, but the list of view__item\("
    ):
        encode([{**row, "view__length": 2}], signature)
    ranking = Signature(
        "rank",
        {"x_0d0e1a": inputs["x_0d0e1a"], "price_usd": TensorSpec("float32", (None, None))}
        | {"candidate_count": TensorSpec("int64", FLAT)},
        {},
    )
    with pytest.raises(DataError, match=r"^price \(usd\) holds 'dear'"):
        encode_ranking({"用户": "u"}, [{"price (usd)": "dear"}], ranking)
