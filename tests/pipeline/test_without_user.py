"""A log that does not say whose impressions it holds, from raw rows to a model that is judged."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import tensorflow_model_analysis as tfma
from pipeline_parts import run_executor, transform
from tfx.types import standard_artifacts

from infnet_keras.data import PreparedData, prepare
from infnet_keras.errors import SpecError
from infnet_keras.export import predict
from infnet_keras.metrics import auc, log_loss
from infnet_keras.spec import FeatureSpec, dump_spec, override_spec, spec_from_dict
from tfx_pipeline.components.evaluator.executor import Executor as Evaluator
from tfx_pipeline.components.example_gen.executor import Executor as ExampleGen
from tfx_pipeline.components.schema_gen.component import Executor as SchemaGen
from tfx_pipeline.trainer.component import Executor as Trainer

pytestmark = pytest.mark.backend("tensorflow")
ROWS = 300
SPEC: FeatureSpec = spec_from_dict(
    {
        "name": "advertisements",
        "sources": {"log": {"files": "log.csv", "time": {"row_order": "log"}}},
        "keys": {"item": "site"},
        "fields": {
            "site": {"side": "item", "vocabulary": {}},
            "price": {"side": "item", "quantiles": 4},
        },
        "tasks": {"click": {"label": "click"}},
        "splits": {"valid_from": 0.6, "test_from": 0.8},
        "model": {"type": "shared_bottom", "dim": 4, "bottom_hidden": [8], "tower_hidden": [8]},
        "training": {"epochs": 10, "batch_size": 20, "learning_rate": 0.02},
        "evaluation": {"slices": ["site"], "gates": {"click": {"auc": {"at_least": 0.6}}}},
    }
)


class Run(NamedTuple):
    """Artifacts of the steps, by name, and the raw log."""

    artifacts: dict[str, Any]
    raw: Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    directory = tmp_path_factory.mktemp("without_user")
    raw, random = directory / "raw", np.random.default_rng(0)
    raw.mkdir()
    site, price = random.integers(0, 4, ROWS), random.random(ROWS).round(3)
    click = random.random(ROWS) < 0.1 + 0.25 * site
    lines = [f"s{s},{p},{int(c)}" for s, p, c in zip(site, price, click, strict=True)]
    (raw / "log.csv").write_text("\n".join(["site,price,click", *lines]), "utf-8")
    spec = {"spec": dump_spec(SPEC)}

    found = run_executor(
        ExampleGen,
        directory,
        {},
        {"examples": standard_artifacts.Examples()},
        {**spec, "data": str(raw)}
        | dict.fromkeys(("history", "valid_from", "test_from", "data_span"), ""),
    )
    schemas = {name: standard_artifacts.Schema() for name in ("schema", "described_schema")}
    found |= run_executor(SchemaGen, directory, dict(found), schemas, spec)
    found |= transform(directory, SPEC, found["examples"], found["schema"])
    inputs = {
        "examples": found["transformed_examples"],
        "transform_graph": found["transform_graph"],
        "schema": found["described_schema"],
    }
    models = {"model": standard_artifacts.Model(), "model_run": standard_artifacts.ModelRun()}
    found |= run_executor(Trainer, directory, inputs, models, spec)
    judged = {
        "evaluation": standard_artifacts.ModelEvaluation(),
        "blessing": standard_artifacts.ModelBlessing(),
    }
    inputs = {name: found[name] for name in ("examples", "model")}
    found |= run_executor(Evaluator, directory, inputs, judged, spec)
    return Run(found, raw)


def test_everything_but_gauc_is_measured(run: Run, tmp_path: Path) -> None:
    """And equals what the pushed model scores on the test rows that `infnet data prepare` finds."""
    prepare(SPEC, run.raw, tmp_path / "data", 0.6, 0.8)
    batch = PreparedData.open(tmp_path / "data").reader("test", ROWS).batch(0)
    lines = (run.raw / "log.csv").read_text("utf-8").splitlines()[1:]
    test = [line.split(",") for line in lines[ROWS * 8 // 10 :]]
    rows = [{"site": site, "price": float(price)} for site, price, _ in test]
    model = Path(run.artifacts["model"].uri) / "Format-Serving"
    answer = predict(model, {"signature_name": "predict", "instances": rows})
    labels = np.array([int(click) for *_, click in test])
    assert sorted(batch.labels["click"]) == sorted(labels)
    scores = np.array(answer["predictions"])

    result = tfma.load_eval_result(run.artifacts["evaluation"].uri)
    metrics = {
        key: {name: value["doubleValue"] for name, value in by_task["click"][""].items()}
        for key, by_task in result.slicing_metrics
    }
    assert len(metrics) == 5  # all rows, and four sites
    for key, found in metrics.items():
        assert set(found) == {"auc", "calibration", "log_loss", "example_count"}
        counted = [not key or site == key[0][1] for site, *_ in test]
        assert found["example_count"] == sum(counted)
        expected = log_loss(labels[counted], scores[counted])
        assert found["log_loss"] == pytest.approx(expected, rel=1e-4)
    # Rows of one site and bucket tie, but for the last digit, which differs from batch to batch.
    assert metrics[()]["auc"] == pytest.approx(auc(labels, scores), abs=0.02)
    assert metrics[()]["auc"] > 0.6
    assert run.artifacts["blessing"].get_int_custom_property("blessed") == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"evaluation.gates": {"click": {"gauc": {"at_least": 0.5}}}},
        {"evaluation.change": {"gauc": 0.01}},
    ],
)
def test_a_gate_on_gauc_is_refused(asked: dict[str, Any]) -> None:
    with pytest.raises(SpecError, match="without a user in `keys` there is no gAUC"):
        override_spec(SPEC, asked)
