"""The page's encoder of requests in Chromium, on the cases of infnet_keras/request; and what the
page shows beside the signature's own answer, to the last digit.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from page_driver import choose, send, table
from page_models import example_rows
from page_server import PageServer

from infnet_keras.input_names import named_sequences
from infnet_keras.request.json_tensors import from_json
from infnet_keras.request.tensor_spec import TensorSpec

Open = Callable[..., Any]
ROOT = Path(__file__).parents[3]
CASES = json.loads((ROOT / "tests/request/encode_cases.json").read_text(encoding="utf-8"))
PADDED = {
    "view__video_id": [10, 7, 99, 0, 0, 0],
    "view__tag": ["pop", "rock", "pop", "", "", ""],
    "view__length": 3,
}


def signature() -> dict[str, Any]:
    """The signature of the cases, in the form of version.json."""
    names = {"DT_FLOAT": "float", "DT_INT64": "int64", "DT_STRING": "string"}
    inputs = [
        {"name": name, "dtype": names[dtype], "shape": shape}
        for name, (dtype, shape) in CASES["inputs"].items()
    ]
    behaviours = [
        {
            "name": given.sequence,
            "length": given.length,
            "lists": [[name, column] for column, name in given.attributes.items()],
        }
        for given in named_sequences(CASES["inputs"])
    ]
    return {"inputs": inputs, "batched": True, "candidates": [], "behaviours": behaviours}


def spec_of(name: str) -> TensorSpec:
    dtype, shape = CASES["inputs"][name]
    dims = [{"size": str(size)} for size in shape]
    return TensorSpec.from_json({"dtype": dtype, "tensor_shape": {"dim": dims}})


def encoded(page: Any, row: dict[str, Any]) -> dict[str, Any]:
    """What encode.js makes of a row, with `refused` in place of it where it refuses one."""
    texts = {name: json.dumps(value, ensure_ascii=False) for name, value in row.items()}
    return page.evaluate(
        """([signature, row]) => {
            try { return encodeRow(signature, row); }
            catch (error) {
                if (error instanceof Wrong) return { refused: error.input };
                throw error;
            }
        }""",
        [signature(), texts],
    )


def test_the_cases_of_the_one_encoder(open_page: Open) -> None:
    page = open_page()
    for case in CASES["cases"]:
        row = {**CASES["row"], **case.get("with", {})}
        row.pop(case.get("without"), None)
        found = encoded(page, row)
        if "refused" in case:
            assert found == {"refused": case["refused"]}, case["it"]
            continue
        assert list(found) == list(CASES["inputs"]), case["it"]
        for name, expected in case["gives"].items():
            spec = spec_of(name)
            given, wanted = from_json([json.loads(found[name])], spec), from_json(expected, spec)
            np.testing.assert_array_equal(given, wanted, err_msg=case["it"])


def answer(server: PageServer, row: dict[str, Any], model: str = "ranking") -> dict[str, float]:
    body = {"signature_name": "predict", "inputs": {name: [v] for name, v in row.items()}}
    outputs = server.ask("POST", f"/v1/models/{model}:predict", body).json["outputs"]
    return {task: values[0] for task, values in outputs.items()}


def test_the_example_is_shown_without_its_padding(open_page: Open, server: PageServer) -> None:
    """The history of `padded` has six places and three events; a fourth would change the answer."""
    page = open_page()
    choose(page, "padded", "predict")
    lists = page.get_by_role("group", name="view")
    assert "3 events" in lists.locator("legend").inner_text()
    assert lists.get_by_label("video_id").input_value() == "[10, 7, 99]"
    assert lists.get_by_label("tag").input_value() == '["pop", "rock", "pop"]'
    send(page)
    first = {name: column[0] for name, column in example_rows().items()}
    expected = answer(server, {**first, **PADDED}, "padded")
    assert expected != answer(server, {**first, **PADDED, "view__length": 6}, "padded")
    assert {row[0]: float(row[1]) for row in table(page, "#answer")} == expected


@pytest.mark.parametrize("model", ["ranking", "older"])
def test_every_digit_of_the_answer_is_shown(
    open_page: Open, server: PageServer, model: str
) -> None:
    page = open_page()
    choose(page, model, "predict")
    if model == "older":  # without an example of its own
        page.get_by_label("user_id").fill("bob")
    send(page)
    body = json.loads(page.locator("#request-body").text_content())
    outputs = server.ask("POST", f"/v1/models/{model}:predict", body).json["outputs"]
    found = {row[0]: float(row[1]) for row in table(page, "#answer")}
    assert found == {task: values[0] for task, values in outputs.items()}


def test_every_digit_of_a_ranking_is_shown(open_page: Open, server: PageServer) -> None:
    page = open_page()
    choose(page, "padded", "rank")
    send(page)
    body = json.loads(page.locator("#request-body").text_content())
    assert body["inputs"]["view__length"] == [3]
    outputs = server.ask("POST", "/v1/models/padded:predict", body).json["outputs"]
    tasks = list(outputs)
    expected = sorted(zip(*(outputs[task][0] for task in tasks), strict=True), reverse=True)
    found = [tuple(map(float, row[3:6])) for row in table(page, "#ranking")]
    assert sorted(found, reverse=True) == expected
