"""A model is served before it is pushed: what the server answers decides."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from made_once import made_once
from scored_model import export_scored_model
from tfx.types import Artifact, standard_artifacts

from infnet_keras.errors import ExportError
from tfx_pipeline.components.infra_validator.candidate_server import candidate_server
from tfx_pipeline.components.infra_validator.executor import Executor
from tfx_pipeline.components.infra_validator.trained_model import TrainedModel, difference
from tfx_pipeline.components.pusher.component import Executor as Pusher
from tfx_pipeline.verdict import verdict

Artifacts = dict[str, Artifact]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with `models`, which holds version 1, and `run`."""
    return made_once(tmp_path_factory, "scored", export_scored_model)


@pytest.fixture
def artifacts(trained: Path, tmp_path: Path) -> Artifacts:
    """The model and the run, as Trainer leaves them; the SavedModel is a copy."""
    model, run = standard_artifacts.Model(), standard_artifacts.ModelRun()
    model.uri, run.uri = str(tmp_path / "model"), str(trained)
    shutil.copytree(trained / "models" / "1", tmp_path / "model" / "Format-Serving")
    return {"model": model, "model_run": run}


def validate(artifacts: Artifacts, directory: Path) -> Artifact:
    blessing = standard_artifacts.InfraBlessing()
    blessing.uri = str(directory / "blessing")
    inputs = {name: [artifact] for name, artifact in artifacts.items()}
    Executor().Do(inputs, {"blessing": [blessing]}, {})
    return blessing


def said_of(blessing: Artifact, artifacts: Artifacts) -> str:
    """The line that a run on this machine ends with, of a model that the Evaluator blessed."""
    measured = standard_artifacts.ModelBlessing()
    measured.set_int_custom_property("blessed", 1)
    blessed, line = verdict(
        {
            "Evaluator": {"blessing": [measured]},
            "InfraValidator": {"blessing": [blessing]},
            "Trainer": {"model": [artifacts["model"]]},
        }
    )
    assert not blessed
    return line


def is_pushed(blessing: Artifact, artifacts: Artifacts, directory: Path) -> bool:
    measured = standard_artifacts.ModelBlessing()
    measured.set_int_custom_property("blessed", 1)
    pushed = standard_artifacts.PushedModel()
    pushed.uri = str(directory / "pushed")
    Pusher().Do(
        {
            "model": [artifacts["model"]],
            "model_blessing": [measured],
            "infra_blessing": [blessing],
        },
        {"pushed_model": [pushed]},
        {"serving_directory": str(directory / "serving")},
    )
    return (directory / "serving").exists()


def test_without_warm_up_requests_rows_are_drawn(artifacts: Artifacts, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "model" / "Format-Serving" / "assets.extra")
    blessing = validate(artifacts, tmp_path)
    assert blessing.get_int_custom_property("blessed") == 1
    assert [file.name for file in (tmp_path / "blessing").iterdir()] == ["INFRA_BLESSED"]
    assert is_pushed(blessing, artifacts, tmp_path)


def test_a_model_with_other_weights_is_not_blessed(artifacts: Artifacts, tmp_path: Path) -> None:
    change_weights(tmp_path / "model" / "Format-Serving")
    blessing = validate(artifacts, tmp_path)
    assert blessing.get_int_custom_property("blessed") == 0
    said = said_of(blessing, artifacts)
    assert said.startswith(
        "not blessed: the server answers request 1 of 6, to the signature serving_default, "
        "otherwise than the trained model: click [0] is 0."
    )
    assert said.endswith(f"; the model lies in {tmp_path / 'model' / 'Format-Serving'}")
    assert not is_pushed(blessing, artifacts, tmp_path)


def test_a_model_that_no_server_loads_is_not_blessed(artifacts: Artifacts, tmp_path: Path) -> None:
    (tmp_path / "model" / "Format-Serving" / "saved_model.pb").write_bytes(b"no SavedModel")
    blessing = validate(artifacts, tmp_path)
    assert blessing.get_int_custom_property("blessed") == 0
    assert [file.name for file in (tmp_path / "blessing").iterdir()] == ["INFRA_NOT_BLESSED"]
    said = said_of(blessing, artifacts)
    assert said.startswith("not blessed: the server does not start with it: Failed to start server")
    assert not is_pushed(blessing, artifacts, tmp_path)


def test_a_machine_that_is_too_slow_says_nothing_of_the_model(artifacts: Artifacts) -> None:
    version = Path(artifacts["model"].uri) / "Format-Serving"
    with (
        pytest.raises(ExportError, match=r"did not have the version within 0 s; .* Run again"),
        candidate_server(version, seconds=0),
    ):
        pass


def test_the_trained_model_answers_every_signature(trained: Path) -> None:
    """Held to the SavedModel itself, which the export was compared with."""
    from infnet_keras.export.predict import call, load

    loaded = load(trained / "models" / "1")
    model = TrainedModel(trained / "run")
    requests = model.requests()
    assert [name for name, _ in requests] == [
        *["serving_default"] * 2, *["predict"] * 2, "rank", "attention",
    ]  # fmt: skip
    for name, request in requests:
        found = call(loaded.signatures[name], request, name)
        assert difference(found, model.answer(name, request)) is None, name


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda answer: answer, None),
        (lambda answer: {"click": answer["click"] + 5e-6}, None),
        (lambda answer: {"like": answer["click"]}, "it has like, the model click"),
        (lambda answer: {"click": answer["click"][:1]}, "click has the shape (1, 2), not (2, 2)"),
        (
            lambda answer: {"click": answer["click"] + [[0, 0], [0, 0.1]]},
            "click [1, 1] is 0.500000, the model's 0.400000",
        ),
        (
            lambda answer: {"click": answer["click"] * [[1, np.nan], [1, 1]]},
            "click [0, 1] is nan, the model's 0.200000",
        ),
    ],
)
def test_difference(change: Callable[[Any], Any], said: str | None) -> None:
    expected = {"click": np.array([[0.1, 0.2], [0.3, 0.4]])}
    assert difference(change(expected), expected) == said


def change_weights(saved_model: Path) -> None:
    """Weights of another model of the same shapes, in a checkpoint that is whole."""
    prefix = str(saved_model / "variables" / "variables")
    reader = tf.train.load_checkpoint(prefix)
    names = sorted(reader.get_variable_to_shape_map())
    tensors = [reader.get_tensor(name) for name in names]
    others = [t * np.float32(1.1) if isinstance(t, np.ndarray) else t for t in tensors]
    assert len(names) > 2
    tf.raw_ops.SaveV2(
        prefix=prefix, tensor_names=names, shape_and_slices=[""] * len(names), tensors=others
    )
