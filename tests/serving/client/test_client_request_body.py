"""Bodies of REST predict requests, through both clients, against the answer in process."""

import json
from typing import Any

import numpy as np
import pytest
from client_server import Connect, Served
from served_models import padded_columns, raw_columns

from infnet_keras.export.predict import answer as answer_in_process
from infnet_keras.export.predict import load
from serving.client import ServingError, answer
from serving.status import Code

pytestmark = pytest.mark.backend("tensorflow")


@pytest.fixture(scope="module")
def loaded(served: Served) -> Any:
    return load(served.models / "ranking" / "1")


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@pytest.mark.parametrize(
    "body",
    [
        {"inputs": padded_columns()},
        {"instances": rows_of(padded_columns())},
        {"signature_name": "predict", "instances": rows_of(padded_columns())[:1]},
    ],
)
def test_the_answer_in_process(connect: Connect, loaded: Any, body: dict[str, Any]) -> None:
    found = answer(connect("ranking"), body)
    expected = answer_in_process(loaded, body)
    assert found.keys() == expected.keys()
    for one, other in zip(leaves(found), leaves(expected), strict=True):
        assert one[0] == other[0]
        np.testing.assert_allclose(one[1], other[1], rtol=0, atol=1e-6)
    json.dumps(found)


def leaves(answered: Any, path: str = "") -> list[tuple[str, float]]:
    if isinstance(answered, dict):
        return [leaf for key, value in answered.items() for leaf in leaves(value, f"{path}.{key}")]
    if isinstance(answered, list):
        return [leaf for n, value in enumerate(answered) for leaf in leaves(value, f"{path}.{n}")]
    return [(path, answered)]


def test_what_a_server_does_not_take_itself(connect: Connect, loaded: Any) -> None:
    by_hand = answer_in_process(loaded, {"instances": rows_of(padded_columns())})["predictions"]
    found = answer(connect("ranking"), {"instances": rows_of(raw_columns())})["predictions"]
    assert [row["click"] for row in found] == pytest.approx([r["click"] for r in by_hand], abs=1e-6)


def test_a_model_without_predict(connect: Connect) -> None:
    client = connect("plain")
    assert answer(client, {"instances": [1.0, {"x": 3.0}]}) == {"predictions": [2.25, 2.75]}
    assert answer(client, {"inputs": [1.0]}, version=1) == {"outputs": [2.5]}
    assert answer(client, {"inputs": {"x": [1.0]}}, label="stable") == {"outputs": [2.5]}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ([], "a request is an object"),
        ({}, "either `instances`.*found nothing"),
        ({"inputs": [], "instances": []}, "either `instances`"),
        ({"instance": []}, "found instance"),
        ({"instances": {"x": [1]}}, "a list of at least one row"),
        ({"instances": []}, "at least one row"),
        ({"signature_name": "regress", "inputs": [1]}, "no signature 'regress'; it has echo"),
        ({"inputs": {"y": [1]}}, "'y', which is no input"),
    ],
)
def test_a_wrong_body(connect: Connect, body: Any, message: str) -> None:
    with pytest.raises(ServingError, match=message) as refused:
        answer(connect("plain"), body)
    assert refused.value.code is Code.INVALID_ARGUMENT
