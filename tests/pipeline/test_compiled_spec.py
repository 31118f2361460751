"""The compiled pipeline: what it says, that kfp loads it, and that its steps give a model."""

import json
from pathlib import Path
from typing import Any

import kfp
import pytest
import yaml
from compiled_pipeline import CompiledPipeline
from small_pipeline import SPEC, small_log, spec_of

from infnet_keras.errors import InfnetError
from infnet_keras.export import predict
from infnet_keras.models import MODELS
from infnet_keras.spec import dump_spec, override_spec, parse_spec
from tfx_pipeline.compile_kubeflow import compile_pipeline, main
from tfx_pipeline.kubeflow_resources import resources_of

TUNED = override_spec(
    SPEC,
    {"tuning": {"trials": 2, "search": {"training.learning_rate": {"low": 1e-3, "high": 1e-2}}}},
)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("compiled")
    spec, output = directory / "spec.yaml", directory / "pipeline.yaml"
    spec.write_text(dump_spec(spec_of("din")), "utf-8")
    arguments = ["--spec", str(spec), "--image", "example.org/pipeline:1", "--output", str(output)]
    assert main(arguments) == 0
    return output


def executors(compiled: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = compiled["deploymentSpec"]["executors"]
    return found


def test_kfp_loads_it(compiled: Path) -> None:
    component = kfp.components.load_component_from_file(str(compiled))
    inputs = component.component_spec.inputs
    assert component.name == "qb-video"
    needed = {name for name, definition in inputs.items() if not definition.optional}
    assert needed == {"data", "serving_directory"}
    assert inputs["epochs"].default == SPEC.training.epochs
    assert inputs["learning_rate"].default == SPEC.training.learning_rate
    assert inputs["test_from"].default == "0.9"


def test_containers_alone(compiled: Path) -> None:
    found = executors(yaml.safe_load(compiled.read_text()))
    assert found
    for name, executor in found.items():
        assert set(executor) == {"container"}, name
        assert "lifecycle" not in executor["container"]
        assert executor["container"]["image"] == "example.org/pipeline:1"
        assert executor["container"]["resources"]["resourceMemoryLimit"]


def test_vertex_resolves_the_last_blessed_model() -> None:
    compiled = compile_pipeline(SPEC, image="image", vertex=True)
    assert sum("resolver" in executor for executor in executors(compiled).values()) == 2


def test_every_model_is_compiled() -> None:
    for model in MODELS:
        compiled = compile_pipeline(spec_of(model), image="image")
        trainer = compiled["root"]["dag"]["tasks"]["Trainer"]["inputs"]["parameters"]
        given = parse_spec(trainer["spec"]["runtimeValue"]["constant"])
        assert given.model.type == model


def test_a_tuned_value_is_no_parameter() -> None:
    compiled = compile_pipeline(TUNED, image="image", tune=True)
    parameters = compiled["root"]["inputDefinitions"]["parameters"]
    assert "Tuner" in compiled["root"]["dag"]["tasks"]
    assert "epochs" in parameters
    assert "learning_rate" not in parameters


def test_resources(tmp_path: Path) -> None:
    file = tmp_path / "resources.yaml"
    file.write_text("Trainer: {cpu: 8, gpu: {count: 2}}\n")
    resources = executors(compile_pipeline(SPEC, image="image", resources=file))[
        "Trainer_executor"
    ]["container"]["resources"]
    assert resources["resourceCpuLimit"] == "8"
    assert resources["resourceMemoryLimit"] == "16G"  # as it was
    assert resources["accelerator"]["resourceType"] == "nvidia.com/gpu"
    assert resources["accelerator"]["resourceCount"] == "2"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("Trainr: {cpu: 8}", "there is no step 'Trainr'"),
        ("Trainer: {cpus: 8}", "Trainer.cpus"),
        ("Trainer: {memory: -1}", "Trainer.memory"),
        ("- 8", "no YAML of steps"),
    ],
)
def test_wrong_resources(tmp_path: Path, content: str, said: str) -> None:
    file = tmp_path / "resources.yaml"
    file.write_text(content)
    with pytest.raises(InfnetError, match=said):
        resources_of(["Trainer"], file)


@pytest.mark.long
def test_its_steps_push_a_model_that_predicts(compiled: Path, tmp_path: Path) -> None:
    small_log(tmp_path / "data" / "7")
    serving = tmp_path / "serving" / SPEC.name
    parameters = {
        "data": str(tmp_path / "data" / "{SPAN}"),
        "data_span": "7",
        "serving_directory": str(serving),
        "learning_rate": 0.03,
    }
    pipeline = CompiledPipeline(
        yaml.safe_load(compiled.read_text()), parameters, tmp_path / "artifacts"
    )
    pipeline.run()
    for step in ("Evaluator", "InfraValidator"):
        assert pipeline.outputs[step]["blessing"]["metadata"]["blessed"] == 1, step
    (version,) = serving.iterdir()
    request = json.loads((version / "assets.extra" / "example_request.json").read_text())
    assert predict(serving, request)
