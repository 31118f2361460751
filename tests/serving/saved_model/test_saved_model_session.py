"""Loading a SavedModel and running its graph."""

import shutil
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf.config_pb2 import ConfigProto

from serving.saved_model import saved_model_session
from serving.saved_model.load import load_servable
from serving.saved_model.servable import Servable
from serving.status import Code, StatusError


class Parts(tf.Module):
    """Eight outputs of two inputs."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = tf.Variable(10.0)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.float32, "x"),
            tf.TensorSpec([None], tf.string, "s"),
        ]
    )
    def run(self, x: tf.Tensor, s: tf.Tensor) -> dict[str, tf.Tensor]:
        """Outputs that tell which they are."""
        outputs = {f"y{n}": x * self.scale + float(n) for n in range(8)}
        return {**outputs, "joined": tf.strings.join([s, s])}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("parts") / "1"
    parts = Parts()
    tf.saved_model.save(parts, str(directory), signatures=parts.run)
    return directory


@pytest.fixture(scope="module")
def servable(path: Path) -> Servable:
    return load_servable("parts", 1, str(path), ["serve"], ConfigProto())


def run(
    servable: Servable,
    *outputs: str,
    deadline: float | None = None,
    only: dict[str, Any] | None = None,
    **inputs: Any,
) -> Any:
    signature = servable.signatures["serving_default"]
    arrays = {"x": np.float32([1, 2]), "s": np.array([b"a", b"\xff"], object), **inputs}
    arrays = arrays if only is None else only
    feeds = {signature.inputs[alias].name: array for alias, array in arrays.items()}
    fetches = [signature.outputs[alias].name for alias in outputs]
    return servable.session.run(feeds, fetches, deadline)


def test_outputs_come_in_the_order_asked_for(servable: Servable) -> None:
    found = run(servable, "y3", "y0", "joined")
    assert [array.tolist() for array in found] == [[13, 23], [10, 20], [b"aa", b"\xff\xff"]]


def test_many_sets_of_outputs_keep_being_right_while_few_calls_are_kept(
    servable: Servable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(saved_model_session, "_MOST_CALLS", 2)
    for _ in range(2):
        for n in range(8):
            assert run(servable, f"y{n}")[0].tolist() == [10 + n, 20 + n]
    assert len(servable.session._calls) == 2


def test_the_order_of_the_feeds_makes_no_new_call(servable: Servable) -> None:
    run(servable, "y1")
    before = len(servable.session._calls)
    signature = servable.signatures["serving_default"]
    for aliases in (("x", "s"), ("s", "x")):
        arrays = {"x": np.float32([1]), "s": np.array([b"a"], object)}
        feeds = {signature.inputs[alias].name: arrays[alias] for alias in aliases}
        servable.session.run(feeds, [signature.outputs["y1"].name])
    assert len(servable.session._calls) == before


def test_a_wrong_type_is_tensorflows_own_error(servable: Servable) -> None:
    with pytest.raises(StatusError) as error:
        run(servable, "y0", x=np.int64([1, 2]))
    assert error.value.code is Code.INVALID_ARGUMENT
    assert "int64" in error.value.message
    assert "float" in error.value.message


def test_shapes_that_the_graph_cannot_use_are_an_error(servable: Servable) -> None:
    with pytest.raises(StatusError) as error:
        servable.session.run({}, ["no_such_tensor:0"])
    assert error.value.code is Code.INVALID_ARGUMENT


def test_a_deadline_that_has_passed_runs_nothing(servable: Servable) -> None:
    with pytest.raises(StatusError) as error:
        run(servable, "y0", deadline=time.monotonic())
    assert error.value.code is Code.DEADLINE_EXCEEDED


@pytest.mark.parametrize(
    ("tags", "message"),
    [
        (["nope"], "Could not find meta graph def matching supplied tags: { nope }"),
        (["serve", "gpu"], "matching supplied tags: { serve gpu }"),
    ],
)
def test_tags_that_the_model_does_not_have(path: Path, tags: list[str], message: str) -> None:
    with pytest.raises(StatusError) as error:
        load_servable("parts", 1, str(path), tags, ConfigProto())
    assert error.value.code is Code.NOT_FOUND
    assert message in error.value.message


def test_a_directory_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(StatusError) as error:
        load_servable("parts", 1, str(tmp_path), ["serve"], ConfigProto())
    assert error.value.code is Code.NOT_FOUND
    assert f"at supplied export directory path: {tmp_path}" in error.value.message


@pytest.mark.parametrize("damage", ["graph", "cut", "variables", "no variables"])
def test_a_damaged_model_is_an_error(path: Path, tmp_path: Path, damage: str) -> None:
    copy = tmp_path / "2"
    shutil.copytree(path, copy)
    graph, values = copy / "saved_model.pb", copy / "variables" / "variables.data-00000-of-00001"
    match damage:
        case "graph":
            graph.write_bytes(b"\x08\x01garbage" * 99)
        case "cut":
            graph.write_bytes(graph.read_bytes()[:-100])
        case "variables":
            values.write_bytes(b"")
        case "no variables":
            shutil.rmtree(copy / "variables")
    with pytest.raises(StatusError) as error:
        load_servable("parts", 2, str(copy), ["serve"], ConfigProto())
    assert error.value.code is not Code.OK
    assert str(copy) in error.value.message or "Read less bytes" in error.value.message


def test_results_without_dimensions_are_arrays_all_the_same(tmp_path: Path) -> None:
    module = tf.Module()
    module.run = tf.function(
        lambda s: {"string": s, "number": tf.strings.length(s), "truth": tf.equal(s, "a")},
        input_signature=[tf.TensorSpec([], tf.string, "s")],
    )
    tf.saved_model.save(module, str(tmp_path), signatures=module.run)
    servable = load_servable("scalar", 1, str(tmp_path), ["serve"], ConfigProto())
    found = run(servable, "string", "number", "truth", only={"s": np.array(b"a", object)})
    assert [(array.shape, array.tolist()) for array in found] == [((), b"a"), ((), 1), ((), True)]
    assert found[0].dtype == object
