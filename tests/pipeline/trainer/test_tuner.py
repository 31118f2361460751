"""The Tuner's search, by the fit that the Trainer runs."""

import json
from pathlib import Path
from typing import Any

import pytest
from clicks import SPEC
from pipeline_parts import run_executor
from tfx.components.tuner.executor import Executor
from tfx.types import Artifact, Channel, standard_artifacts

from infnet_keras.errors import SpecError
from infnet_keras.spec import dump_spec, override_spec, parse_spec
from infnet_keras.spec.models import model_options
from tfx_pipeline.trainer.trained_spec import trained_spec
from tfx_pipeline.tuner.component import Tuner
from tfx_pipeline.tuner.search_space import search_space


def tuned(search: dict[str, Any], trials: int = 2) -> str:
    """The spec as YAML, with a search, trained for three epochs."""
    tuning = {"trials": trials, "search": search}
    return dump_spec(override_spec(SPEC, {"tuning": tuning, "training.epochs": 3}))


def test_it_finds_the_better_of_two_choices(artifacts: dict[str, Artifact], tmp_path: Path) -> None:
    spec = tuned({"training.learning_rate": {"choices": [1e-9, 0.03]}})
    names = {"examples": "transformed_examples", "transform_graph": "transform_graph"}
    inputs = {name: artifacts[kept] for name, kept in names.items()}
    inputs["schema"] = artifacts["schema"]
    channels = {name: Channel(type=type(kept)) for name, kept in inputs.items()}
    component = Tuner(**channels, spec=spec)
    outputs = {
        "best_hyperparameters": standard_artifacts.HyperParameters(),
        "tuner_results": standard_artifacts.TunerResults(),
    }
    run_executor(Executor, tmp_path, inputs, outputs, dict(component.exec_properties))

    (file,) = Path(outputs["best_hyperparameters"].uri).iterdir()
    found = json.loads(file.read_text())
    assert trained_spec({"spec": spec}, found).training.learning_rate == 0.03
    (results,) = Path(outputs["tuner_results"].uri).iterdir()
    scores = {
        result["training.learning_rate"]: result["score"]
        for result in json.loads(results.read_text())
    }
    assert scores[0.03] > scores[1e-9] + 0.05


def test_what_is_asked_for_goes_before_what_was_tuned() -> None:
    found = {"values": {"training.learning_rate": 0.5, "model.dim": 16}}
    spec = trained_spec({"spec": dump_spec(SPEC), "learning_rate": 0.25}, found)
    assert (spec.training.learning_rate, spec.dim) == (0.25, 16)
    assert spec.training.epochs == SPEC.training.epochs


def test_the_space_is_what_the_spec_says() -> None:
    spec = trained_spec(
        {
            "spec": tuned(
                {
                    "training.learning_rate": {"low": 1e-4, "high": 1e-2, "scale": "log"},
                    "model.blocks": {"low": 2, "high": 4},
                    "model.residual": {"choices": [True, False]},
                    "training.l2": {"choices": [0, 1e-6]},
                }
            )
        },
        None,
    )
    assert spec.tuning is not None
    space = {kept.name: kept.get_config() for kept in search_space(spec).space}
    rate = space["training.learning_rate"]
    assert (rate["min_value"], rate["max_value"], rate["sampling"]) == (1e-4, 1e-2, "log")
    assert (space["model.blocks"]["min_value"], space["model.blocks"]["max_value"]) == (2, 4)
    assert all(isinstance(value, int) for value in (space["model.blocks"]["min_value"],))
    assert space["model.residual"]["values"] == [True, False]
    assert space["training.l2"]["values"] == [0.0, 1e-6]


def test_ranges_resolve_by_the_models_type() -> None:
    search = {"model.dim": {"low": 4, "high": 8}, "model.dropout": {"low": 0, "high": 0.5}}
    for name in model_options():
        space = search_space(override_spec(parse_spec(tuned(search)), {"model.type": name})).space
        kinds = {kept.name: type(kept).__name__ for kept in space}
        assert kinds == {"model.dim": "Int", "model.dropout": "Float"}
    other = override_spec(SPEC, {"model.type": "shared_bottom"})
    blocks = {"tuning": {"trials": 1, "search": {"model.blocks": {"low": 2, "high": 4}}}}
    with pytest.raises(SpecError, match=r"'model\.blocks' is no option of the model"):
        override_spec(other, blocks)


def test_choices_of_several_types_are_refused() -> None:
    spec = trained_spec({"spec": tuned({"model.dim": {"choices": [8, "wide"]}})}, None)
    assert spec.tuning is not None
    with pytest.raises(SpecError, match=r"tuning\.search\.model\.dim: .*several types \(int, str"):
        search_space(spec)
