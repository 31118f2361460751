"""Requests made of example rows."""

import json

import numpy as np
import pytest

from serving.client import Signature, TensorSpec
from serving.load_test.workload import Workload, rest_body

ROWS = {
    "age": np.array([30, 40], np.int64),
    "seen": np.array([[b"a", b"b"], [b"", b""]], object),
    "price": np.array([1.5, 2.5], np.float32),
}
COLUMN, LISTED = (None,), (None, None)
SIGNATURES = {
    "predict": Signature(
        "predict",
        {
            "age": TensorSpec("int64", COLUMN),
            "seen": TensorSpec("string", LISTED),
            "price": TensorSpec("float32", COLUMN),
        },
        {},
    ),
    "rank": Signature(
        "rank",
        {
            "age": TensorSpec("int64", COLUMN),
            "seen": TensorSpec("string", LISTED),
            "price": TensorSpec("float32", LISTED),
            "candidate_count": TensorSpec("int64", COLUMN),
        },
        {},
    ),
}


def test_rows_are_repeated() -> None:
    inputs = Workload("predict", 3).inputs(ROWS, SIGNATURES)
    assert inputs["age"].tolist() == [30, 40, 30]
    assert inputs["seen"].tolist() == [[b"a", b"b"], [b"", b""], [b"a", b"b"]]
    assert inputs.keys() == ROWS.keys()


def test_rank_has_one_user_and_the_rows_items_as_candidates() -> None:
    inputs = Workload("rank", 3).inputs(ROWS, SIGNATURES)
    assert inputs["age"].tolist() == [30]
    assert inputs["seen"].tolist() == [[b"a", b"b"]]
    assert inputs["price"].tolist() == [[1.5, 2.5, 1.5]]
    assert inputs["candidate_count"].tolist() == [3]


def test_rest_bodies_are_json() -> None:
    body = json.loads(rest_body("predict", Workload("predict", 1).inputs(ROWS, SIGNATURES)))
    assert body == {
        "signature_name": "predict",
        "inputs": {"age": [30], "seen": [["a", "b"]], "price": [1.5]},
    }


@pytest.mark.parametrize("name", ["predict", "predict-0", "rank-", "classify-3", "rank-5x"])
def test_names_of_no_workload(name: str) -> None:
    with pytest.raises(ValueError, match="neither predict-ROWS nor rank-CANDIDATES"):
        Workload.parse(name)


def test_names_are_read_back() -> None:
    assert str(Workload.parse("rank-500")) == "rank-500"
