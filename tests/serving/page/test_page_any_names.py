"""The page on a model whose names no signature can hold: its own names are what a person reads."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from any_names import SERVED, SPEC
from page_driver import choose, send, table
from page_layout import faults
from page_server import PageServer

from infnet_keras.spec import parse_spec

pytestmark = [pytest.mark.backend("tensorflow"), pytest.mark.long]
TASKS = ["点/赞", "buy it"]
Open = Callable[..., Any]
Predict = Callable[[dict[str, Any]], dict[str, np.float32]]


@pytest.fixture(scope="module")
def predict(exported_any_names: Path) -> Predict:
    """Asks the signature itself: inputs of one row -> scores."""
    import tensorflow as tf

    from infnet_keras.export.predict import load

    model = load(exported_any_names / "1")
    _, declared = model.signatures["predict"].structured_input_signature

    def ask(inputs: dict[str, Any]) -> dict[str, np.float32]:
        tensors = {n: tf.constant([inputs[n]], tensor.dtype) for n, tensor in declared.items()}
        found = model.signatures["predict"](**tensors)
        return {task: scores.numpy()[0] for task, scores in found.items()}

    return ask


def sent(page: Any) -> dict[str, Any]:
    """The inputs that the page sent, of one row."""
    body = json.loads(page.locator("#request-body").text_content())
    return {name: values[0] for name, values in body["inputs"].items()}


def shown(page: Any) -> dict[str, np.float32]:
    """The scores that the page shows, whose nine digits tell every float32."""
    return {task: np.float32(score) for task, score, *_ in table(page, "#answer")}


def test_the_own_names_are_known(server: PageServer) -> None:
    found = server.ask("GET", "/page/version.json?model=odd&version=1").json
    predict = found["signatures"][0]
    assert {i["column"]: i["name"] for i in predict["inputs"]}.items() >= SERVED.items()
    assert set(predict["example"]) == {i["name"] for i in predict["inputs"]}
    (behaviour,) = predict["behaviours"]
    assert behaviour["name"] == "看 过"
    assert [column for _, column in behaviour["lists"]] == ["item_id:token", "_tags"]
    assert found["fields"]["用户/(x)"] == SERVED["用户"]
    assert set(found["histories"]["看 过"]) == {name for name, _ in behaviour["lists"]}


def test_the_scores_of_the_example_are_the_signature_s_own(
    open_page: Open, exported_any_names: Path, predict: Predict
) -> None:
    page = open_page()
    choose(page, "odd", "predict")
    extra = exported_any_names / "1" / "assets.extra" / "example_request.json"
    example = json.loads(extra.read_text("utf-8"))["instances"][0]
    for column in set(SERVED) - {"item_id:token", "_tags"}:
        value = page.get_by_label(column).first.input_value()
        assert value == str(example[SERVED[column]]), column
    send(page)
    expected = predict(sent(page))
    assert shown(page) == expected
    assert list(shown(page)) == TASKS
    page.locator("#history-weights, #attention-body .note").first.wait_for()
    fields = [name.split(" ")[0] for name, *_ in table(page, "#field-weights")]
    assert {"用户/(x)", "item_id:token", "_tags"} <= set(fields)
    assert faults(page) == []


def test_what_is_typed_under_the_own_names_is_sent(open_page: Open, predict: Predict) -> None:
    page = open_page()
    choose(page, "odd", "predict")
    page.get_by_label("用户").fill("u2")
    page.get_by_label('it\'s "v1.0" <b>').fill("v9")
    views = page.get_by_role("group", name=re.compile("^看 过"))
    views.get_by_label("item_id:token").fill('"i1", "i3"')
    views.get_by_label("_tags").fill('"t1", "t2|t1"')
    send(page)
    inputs = sent(page)
    typed = {
        "用户": "u2",
        'it\'s "v1.0" <b>': "v9",
        "看 过__item_id:token": ["i1", "i3"],
        "看 过___tags": ["t1", "t2|t1"],
        "看 过__length": 2,
    }
    served = parse_spec(SPEC).served_names
    assert {name: inputs[served[name]] for name in typed} == typed
    assert shown(page) == predict(inputs)
