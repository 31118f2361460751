import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_rows import example_rows

from infnet_keras.errors import DataError, ExportError
from infnet_keras.export import predict
from infnet_keras.export.predict import answer, load

pytestmark = pytest.mark.backend("tensorflow")
Ask = Callable[[dict[str, Any]], dict[str, Any]]


@pytest.fixture(scope="module")
def ask(exported: Path) -> Ask:
    loaded = load(exported)
    return lambda payload: answer(loaded, json.loads(json.dumps(payload)))


@pytest.fixture(scope="module")
def ask_single(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """A SavedModel with one input and one output a signature, whose answers are plain to see."""
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="examples")])
    def lengths(examples: Any) -> Any:
        return {"length": tf.strings.length(examples)}

    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.float32, name="values")])
    def double(values: Any) -> Any:
        return {"twice": 2.0 * values}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64, name="values")])
    def halve(values: Any) -> Any:
        return {"half": values // 2, "rest": values % 2}

    path = tmp_path_factory.mktemp("single") / "1"
    signatures = {"serving_default": lengths, "predict": double, "halve": halve}
    tf.saved_model.save(tf.Module(), str(path), signatures=signatures)
    loaded = load(path)
    return lambda payload: answer(loaded, json.loads(json.dumps(payload)))


def rows_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_rows_and_columns_have_the_model_s_probabilities(model: Any, ask: Ask) -> None:
    import keras

    from infnet_keras.features import RowTransform

    examples = example_rows()
    ids = RowTransform(model.spec, model.assets)(examples)
    outputs = ask({"inputs": examples})["outputs"]
    predictions = ask({"signature_name": "predict", "instances": rows_of(examples)})["predictions"]
    for task, values in model(ids).items():
        expected = keras.ops.convert_to_numpy(values)
        np.testing.assert_allclose(outputs[task], expected, rtol=0, atol=1e-5)
        np.testing.assert_allclose([p[task] for p in predictions], expected, rtol=0, atol=1e-5)


def test_the_example_request_beside_the_model_is_answered(
    exported: Path, model: Any, ask: Ask
) -> None:
    request = json.loads((exported / "assets.extra" / "example_request.json").read_text())
    first = {name: values[:3] for name, values in example_rows().items()}
    assert ask(request) == ask({"instances": rows_of(first)})


def test_serialised_examples_in_base64(model: Any, ask: Ask) -> None:
    from infnet_keras.export.examples import to_example
    from infnet_keras.features import RowTransform

    inputs = RowTransform(model.spec, model.assets).inputs
    rows = rows_of(example_rows())[:3]
    coded = [{"b64": base64.b64encode(to_example(row, inputs)).decode()} for row in rows]
    expected = ask({"instances": rows})
    name = "serving_default"
    assert ask({"signature_name": name, "instances": coded}) == expected
    assert ask({"signature_name": name, "instances": [{"examples": e} for e in coded]}) == expected
    by_column = ask({"signature_name": name, "inputs": coded})["outputs"]
    assert by_column["like"] == [row["like"] for row in expected["predictions"]]
    assert ask({"signature_name": name, "inputs": {"examples": coded}})["outputs"] == by_column


def test_ranking_rows_have_a_score_a_candidate(model: Any, ask: Ask) -> None:
    columns = example_rows()
    request = {name: values[0] for name, values in columns.items()}
    for name in ("video_id", "tag", "duration", "uploaded"):
        request[name] = columns[name][:5]
    request["candidate_count"] = 4
    rank = {"signature_name": "rank", "instances": [request, request]}
    first, second = ask(rank)["predictions"]
    for task, scores in first.items():
        assert second[task] == pytest.approx(scores, abs=1e-6)
    assert [score > 0 for score in first["click"]] == [True] * 4 + [False]


def test_a_single_input_or_output_needs_no_name(ask_single: Ask) -> None:
    b64 = {"b64": base64.b64encode(b"\xff\x00\x01").decode()}
    plain = {"signature_name": "serving_default", "instances": ["abc", b64, {"examples": "é"}]}
    assert ask_single(plain) == {"predictions": [3, 3, 2]}
    assert ask_single({"signature_name": "serving_default", "inputs": ["ab"]}) == {"outputs": [2]}
    assert ask_single({"instances": [[1, 2.5], [3, None]]})["predictions"][0] == [2.0, 5.0]
    assert ask_single({"inputs": {"values": [[], []]}}) == {"outputs": [[], []]}
    assert ask_single({"inputs": [[1], [2, 3], []]})["outputs"][0][0] == 2.0
    assert ask_single({"signature_name": "halve", "instances": [7, 2**63 - 1]}) == {
        "predictions": [{"half": 3, "rest": 1}, {"half": 2**62 - 1, "rest": 1}]
    }


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ([], "a request is an object"),
        ({}, "either `instances`"),
        ({"inputs": [], "instances": []}, "either `instances`"),
        ({"instance": []}, "found instance"),
        ({"signature_name": "classify", "inputs": [1]}, "it has halve, predict, serving_default"),
        ({"signature_name": 7, "inputs": [1]}, "the name of a signature; found 7"),
        ({"instances": []}, "at least one row"),
        ({"inputs": []}, "an empty column: a request has at least one row"),
        ({"inputs": {"values": []}}, "an empty column"),
        ({"instances": {"values": [1]}}, "at least one row"),
        (
            {"inputs": {"value": [[1]]}},
            r"'value', which is no input; did you mean 'values'\? signature",
        ),
        ({"inputs": {"values": [[1]], "valves": 1}}, "'valves', which is no input; did you mean"),
        ({"inputs": {"values": [1, 2]}}, r"values is nested 1 deep; it is float32 \[any, any\]"),
        ({"inputs": {"values": [[1], 2]}}, "values and lists side by side"),
        ({"inputs": {"values": [["1"]]}}, "values holds '1'; it takes float32"),
        ({"inputs": {"values": [[True]]}}, "values holds True; it takes float32"),
        ({"inputs": {"values": [[10**400]]}}, "cannot be read"),
        ({"signature_name": "halve", "inputs": [1.0]}, "holds 1.0; it takes int64"),
        ({"signature_name": "halve", "inputs": [2**63]}, "which int64 does not"),
        ({"signature_name": "serving_default", "inputs": [7]}, "holds 7; it takes string"),
        ({"signature_name": "serving_default", "inputs": [{"b64": "?"}]}, "cannot be read"),
        ({"signature_name": "serving_default", "inputs": ["\ud800"]}, "cannot be read"),
    ],
)
def test_a_wrong_request_is_a_sentence(ask_single: Ask, payload: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        ask_single(payload)


def test_what_several_inputs_need(model: Any, ask: Ask) -> None:
    examples = example_rows()
    takes = r"signature 'predict' takes .*view__tag: string \[any, any\]"
    with pytest.raises(DataError, match=f"row 0 is no object of named values; {takes}"):
        ask({"inputs": [1, 2]})
    with pytest.raises(DataError, match=f"row 0 is no object of named values; {takes}"):
        ask({"instances": [1, 2]})
    row, other = rows_of(examples)[:2]
    del other["tab"]
    with pytest.raises(DataError, match=f"row 1 lacks 'tab'; {takes}"):
        ask({"instances": [row, other]})
    with pytest.raises(DataError, match=r"differ in their number of rows.*'tab': 3"):
        ask({"inputs": {**examples, "tab": [1, 2, 3]}})
    with pytest.raises(DataError, match="signature serving_default refused the request"):
        ask({"signature_name": "serving_default", "inputs": ["no example"]})


def test_a_directory_without_a_model_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="holds no SavedModel"):
        predict(tmp_path, {"inputs": []})
    (tmp_path / "saved_model.pb").write_bytes(b"no graph")
    with pytest.raises(ExportError, match="cannot be loaded as a SavedModel"):
        predict(tmp_path, {"inputs": []})


def test_the_highest_version_answers(exported: Path, model: Any, ask: Ask) -> None:
    payload = {"inputs": example_rows()}
    assert predict(str(exported.parent), payload) == ask(payload)
