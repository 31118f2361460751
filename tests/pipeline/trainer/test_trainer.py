"""A Trainer's run from transformed examples to a SavedModel."""

import json
from pathlib import Path

import keras
import pytest
from clicks import SPEC, click_rows, raw_batch
from pipeline_parts import run_executor
from tfx.types import Artifact, standard_artifacts

from infnet_keras.export import predict
from infnet_keras.features import RowTransform
from infnet_keras.spec import dump_spec, load_spec, override_spec
from tfx_pipeline.trainer.component import Executor


@pytest.fixture(scope="module")
def trained(
    artifacts: dict[str, Artifact], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    inputs = {
        "examples": artifacts["transformed_examples"],
        "transform_graph": artifacts["transform_graph"],
        "schema": artifacts["schema"],
    }
    outputs = {"model": standard_artifacts.Model(), "model_run": standard_artifacts.ModelRun()}
    parameters = {"spec": dump_spec(SPEC), "epochs": 2}
    run_executor(Executor, tmp_path_factory.mktemp("trained"), inputs, outputs, parameters)
    return {name: Path(artifact.uri) for name, artifact in outputs.items()}


def test_the_next_run_begins_with_its_model(
    trained: dict[str, Path], artifacts: dict[str, Artifact], tmp_path: Path
) -> None:
    """Steps too small to be seen: what is exported answers as the earlier model does."""
    inputs = {
        "examples": artifacts["transformed_examples"],
        "transform_graph": artifacts["transform_graph"],
        "schema": artifacts["schema"],
    }
    outputs = {"model": standard_artifacts.Model(), "model_run": standard_artifacts.ModelRun()}
    still = override_spec(SPEC, {"training.optimizer": "sgd", "training.schedule": {}})
    parameters = {"spec": dump_spec(still), "epochs": 1, "learning_rate": 1e-30}
    parameters["warm_start"] = str(trained["model_run"] / "run")
    run_executor(Executor, tmp_path, inputs, outputs, parameters)
    raw = raw_batch(click_rows(50, seed=9)["train"])
    found, expected = (
        predict(Path(model) / "Format-Serving", {"inputs": raw})["outputs"]
        for model in (outputs["model"].uri, trained["model"])
    )
    for task in SPEC.tasks:
        assert found[task] == pytest.approx(expected[task], abs=1e-6)
    run = Path(outputs["model_run"].uri) / "run"
    record = json.loads((run / "warm_start.json").read_text())
    assert record["run"] == parameters["warm_start"]
    assert all(counts["initialised"] == 0 for counts in record["tables"].values())


def test_the_run(trained: dict[str, Path]) -> None:
    run = trained["model_run"] / "run"
    spec = load_spec(run / "spec.yaml")
    assert spec.training.epochs == 2
    assert len((run / "history.jsonl").read_text().splitlines()) == 2
    assert list((run / "tensorboard").glob("events.out.tfevents.*"))


def test_the_saved_model_answers_as_the_model_does(trained: dict[str, Path]) -> None:
    raw = raw_batch(click_rows(50, seed=9)["train"])
    found = predict(trained["model"] / "Format-Serving", {"inputs": raw})["outputs"]
    model = keras.models.load_model(trained["model_run"] / "run" / "model.keras")
    expected = model.predict(RowTransform(model.spec, model.assets)(raw), verbose=0)
    for task in SPEC.tasks:
        assert found[task] == pytest.approx(expected[task].tolist(), abs=1e-5)


def test_it_learns(trained: dict[str, Path]) -> None:
    state = json.loads((trained["model_run"] / "run" / "state.json").read_text())
    assert max(e["mean_auc"] for e in state["evaluations"]) > 0.6
