"""A model whose `tab` serving fixes: no request sends it, and the constant answers all."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from export_rows import example_rows

from infnet_keras.features import RowTransform, read_raw

pytestmark = pytest.mark.backend("tensorflow")
CONSTANT = 3


@pytest.fixture(scope="module")
def fixed(build_model: Any) -> Any:
    """The small model, untrained weights and all, but with `serve_as`."""
    return build_model({"fields.tab.serve_as": CONSTANT})


@pytest.fixture(scope="module")
def version(fixed: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from infnet_keras.export import export_saved_model

    directory = tmp_path_factory.mktemp("fixed")
    return export_saved_model(fixed, directory, examples=example_rows())


@pytest.fixture(scope="module")
def signatures(version: Path) -> Any:
    from infnet_keras.export.predict import load

    loaded = load(version)
    return type("Loaded", (), {"all": loaded.signatures, "kept": loaded}).all


def constant_rows(model: Any) -> dict[str, Any]:
    rows = example_rows()
    return read_raw(RowTransform(model.spec, model.assets).inputs, {**rows, "tab": [CONSTANT] * 24})


def probabilities(model: Any, rows: dict[str, Any]) -> dict[str, Any]:
    """The model's own answers to rows of the log."""
    ids = RowTransform(model.spec, model.assets)(rows)
    return {task: values.numpy() for task, values in model(ids, training=False).items()}


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert set(found) == set(expected)
    for task, values in expected.items():
        np.testing.assert_allclose(found[task], values, rtol=0, atol=1e-6, err_msg=task)


def test_nobody_asks_for_it(version: Path, signatures: Any) -> None:
    assert sorted(signatures) == ["attention", "logged", "predict", "rank", "serving_default"]
    for name in ("predict", "rank", "attention"):
        assert "tab" not in signatures[name].structured_input_signature[1]
    request = json.loads((version / "assets.extra" / "example_request.json").read_text())
    assert all("tab" not in row for row in request["instances"])
    assert "tab" not in json.loads((version / "assets" / "served_names.json").read_text())

    from infnet_keras.export.warmup import read_warmup

    warmup = read_warmup(version)
    assert {name for name, _ in warmup} == {"attention", "predict", "rank", "serving_default"}
    assert not any("tab" in arrays for _, arrays in warmup)


def test_predict_and_examples_answer_with_the_constant(fixed: Any, signatures: Any) -> None:
    from infnet_keras.export.examples import serialized_examples
    from infnet_keras.export.predict import call

    rows = constant_rows(fixed)
    expected = probabilities(fixed, rows)
    sent = {name: column for name, column in rows.items() if name != "tab"}
    assert_same(call(signatures["predict"], sent, "predict"), expected)
    # Examples that hold another value, as those of a log do, are answered with the constant too.
    inputs = RowTransform(fixed.spec, fixed.assets).inputs
    logged = read_raw(inputs, example_rows())
    examples = {"examples": serialized_examples(logged, inputs)}
    assert_same(call(signatures["serving_default"], examples, "serving_default"), expected)
    # and only `logged` reads what they hold.
    assert_same(call(signatures["logged"], examples, "logged"), probabilities(fixed, logged))
    differences = [
        np.abs(expected[task] - values).max()
        for task, values in probabilities(fixed, logged).items()
    ]
    assert min(differences) > 1e-3


def test_rank_scores_candidates_with_the_constant(fixed: Any, signatures: Any) -> None:
    from infnet_keras.export.predict import call
    from infnet_keras.export.sample_requests import rank_request

    rows, transform = constant_rows(fixed), RowTransform(fixed.spec, fixed.assets)
    requests, candidates = np.arange(4), np.arange(12).reshape(4, 3)
    request = rank_request(rows, transform.sent, requests, candidates, np.full(4, 3))
    found = call(signatures["rank"], request, "rank")
    pairs = {
        raw.name: rows[raw.name][candidates.ravel() if raw.side == "item" else requests.repeat(3)]
        for raw in transform.inputs
    }
    expected = {task: v.reshape(4, 3) for task, v in probabilities(fixed, pairs).items()}
    assert_same(found, expected)


def test_tables_are_scored_as_the_model_serves(fixed: Any, version: Path) -> None:
    from infnet_keras.scoring import RunScorer, SavedModelScorer

    rows = constant_rows(fixed)
    sent = {name: column for name, column in rows.items() if name != "tab"}
    for scorer in (RunScorer(fixed, batch_size=32), SavedModelScorer(version)):
        assert [raw.name for raw in scorer.inputs] == list(sent)
        assert_same(scorer.score(sent), probabilities(fixed, rows))


def test_the_parity_check_sees_a_model_that_serves_another_constant(
    fixed: Any, build_model: Any, version: Path, tmp_path: Path
) -> None:
    from infnet_keras.errors import ExportError
    from infnet_keras.export.compute_reference import compute_reference
    from infnet_keras.export.parity import check_parity

    for value, message in ((1, "signature predict"), (CONSTANT, None)):
        other = build_model({"fields.tab.serve_as": value})
        transform = RowTransform(other.spec, other.assets)
        reference = compute_reference(other, transform, read_raw(transform.inputs, example_rows()))
        reference.save(tmp_path / "reference.json")
        if message is None:
            check_parity(version, tmp_path / "reference.json")
        else:
            with pytest.raises(ExportError, match=message):
                check_parity(version, tmp_path / "reference.json")


def test_examples_without_it(fixed: Any) -> None:
    """What serving fixes may be absent from the rows that an export is checked on."""
    from infnet_keras.export.saved_model import _example_rows

    transform = RowTransform(fixed.spec, fixed.assets)
    rows = {name: values for name, values in example_rows().items() if name != "tab"}
    filled = _example_rows(transform, rows, fixed.assets)
    assert filled["tab"].tolist() == [CONSTANT] * 24
    given = _example_rows(transform, example_rows(), fixed.assets)
    assert given["tab"].tolist() == example_rows()["tab"]
