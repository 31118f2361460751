"""Configurations put into effect, labels, requests that find their version."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from google.protobuf import text_format
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.lifecycle.model_status import model_status
from serving.lifecycle.model_versions import RetryOptions
from serving.lifecycle.server_core import CoreOptions, ServerCore
from serving.lifecycle.version_states import State
from serving.saved_model.servable import Servable
from serving.saved_model.session import Array
from serving.status import Code, StatusError, not_found

PATIENCE = 20.0


class PathSession:
    """A session that answers with the path it was loaded from."""

    def __init__(self, path: str) -> None:
        self.path = path

    def run(
        self, feeds: Mapping[str, Array], fetches: Sequence[str], deadline: float | None = None
    ) -> list[Array]:
        return [np.array(self.path.encode(), object)]

    def close(self) -> None:
        pass


def load(name: str, version: int, path: str) -> Servable:
    """Directories that hold a file "broken" do not load."""
    if (Path(path) / "broken").exists():
        raise not_found(f"{path} is broken")
    return Servable(name, version, path, {}, PathSession(path))


@pytest.fixture
def core() -> ServerCore:
    options = CoreOptions(poll_wait=0, retry=RetryOptions(0, 0.0))
    return ServerCore(load, options)


def config(*models: str) -> ModelServerConfig:
    entries = "".join(f"config {{ {model} model_platform: 'tensorflow' }}" for model in models)
    return text_format.Parse(f"model_config_list {{ {entries} }}", ModelServerConfig())


def make(base: Path, *versions: int, broken: Sequence[int] = ()) -> str:
    for version in versions:
        (base / str(version)).mkdir(parents=True)
    for version in broken:
        (base / str(version)).mkdir(parents=True, exist_ok=True)
        (base / str(version) / "broken").touch()
    return str(base)


def version_of(core: ServerCore, **spec: object) -> int:
    model_spec = ModelSpec(name="m")
    if "version" in spec:
        model_spec.version.value = spec["version"]
    if "label" in spec:
        model_spec.version_label = str(spec["label"])
    with core.servable(model_spec) as servable:
        return servable.version


def settle(core: ServerCore, name: str, expected: dict[int, State]) -> None:
    def reached() -> bool:
        return {v: s.state for v, s in core.states.of_model(name).items()} == expected

    assert core.states.wait_until(reached, time.monotonic() + PATIENCE), core.states.of_model(name)


def test_the_latest_version_answers_unless_another_is_asked_for(
    core: ServerCore, tmp_path: Path
) -> None:
    base = make(tmp_path / "m", 1, 2, 3)
    core.reload_config(
        config(
            f"name: 'm' base_path: '{base}' model_version_policy {{ latest {{num_versions: 2}} }}"
        )
    )
    settle(core, "m", {2: State.AVAILABLE, 3: State.AVAILABLE})
    assert version_of(core) == 3
    assert version_of(core, version=2) == 2
    with pytest.raises(StatusError, match=r"Servable not found for request: Specific\(m, 1\)"):
        version_of(core, version=1)


def test_requests_without_a_model_or_for_an_unknown_one(core: ServerCore) -> None:
    with pytest.raises(StatusError, match="ModelSpec has no name specified"):
        core.servable(ModelSpec())
    with pytest.raises(StatusError, match=r"Servable not found for request: Latest\(m\)") as error:
        version_of(core)
    assert error.value.code is Code.NOT_FOUND


def test_a_new_model_that_does_not_load_is_reported_and_the_others_serve(
    core: ServerCore, tmp_path: Path
) -> None:
    good, bad = make(tmp_path / "good", 1), make(tmp_path / "bad", broken=[7])
    both = config(f"name: 'm' base_path: '{good}'", f"name: 'bad' base_path: '{bad}'")
    with pytest.raises(StatusError) as error:
        core.reload_config(both)
    assert error.value.code is Code.UNKNOWN
    assert error.value.message == (
        "1 model(s) did not become available: {{{name: bad version: 7} due to error: NOT_FOUND: "
        f"{bad}/7 is broken}}, }}"
    )
    assert version_of(core) == 1


def test_waiting_for_a_model_whose_directory_never_comes_ends_at_the_deadline(
    core: ServerCore, tmp_path: Path
) -> None:
    missing = config(f"name: 'm' base_path: '{tmp_path}/none'")
    with pytest.raises(StatusError) as error:
        core.reload_config(missing, deadline=time.monotonic())
    assert error.value.code is Code.DEADLINE_EXCEEDED
    other = make(tmp_path / "other", 4)  # and the next configuration does not queue behind it
    core.reload_config(config(f"name: 'm2' base_path: '{other}'"), time.monotonic() + PATIENCE)


def test_a_model_that_leaves_the_config_is_unloaded_and_may_come_back(
    core: ServerCore, tmp_path: Path
) -> None:
    a, b = make(tmp_path / "a", 1), make(tmp_path / "b", 1)
    with_a = config(f"name: 'm' base_path: '{a}'")
    core.reload_config(with_a)
    core.reload_config(config(f"name: 'b' base_path: '{b}'"))
    settle(core, "m", {1: State.END})
    core.reload_config(with_a)
    assert version_of(core) == 1


def test_a_directory_that_is_gone_leaves_its_model_and_the_others_alone(
    core: ServerCore, tmp_path: Path
) -> None:
    a, b = make(tmp_path / "a", 1), make(tmp_path / "b", 1)
    core.reload_config(config(f"name: 'm' base_path: '{a}'", f"name: 'b' base_path: '{b}'"))
    (tmp_path / "a").rename(tmp_path / "moved")
    make(tmp_path / "b", 2)
    core.poll()
    settle(core, "b", {1: State.END, 2: State.AVAILABLE})
    assert version_of(core) == 1


def test_a_version_directory_that_is_deleted_brings_the_one_before_back(
    core: ServerCore, tmp_path: Path
) -> None:
    base = make(tmp_path / "m", 1, 2)
    core.reload_config(config(f"name: 'm' base_path: '{base}'"))
    assert version_of(core) == 2
    (tmp_path / "m" / "2").rmdir()
    core.poll()
    settle(core, "m", {1: State.AVAILABLE, 2: State.END})
    assert version_of(core) == 1


def test_polling_finds_new_versions_by_itself(tmp_path: Path) -> None:
    core = ServerCore(load, CoreOptions(poll_wait=0.02, retry=RetryOptions(0, 0.0)))
    base = make(tmp_path / "m", 1)
    core.reload_config(config(f"name: 'm' base_path: '{base}'"))
    make(tmp_path / "m", 2)
    settle(core, "m", {1: State.END, 2: State.AVAILABLE})
    core.stop(time.monotonic() + PATIENCE)
    settle(core, "m", {1: State.END, 2: State.END})


LABEL = "version_labels {{ key: '{}' value: {} }}"


def labelled(base: str, **labels: int) -> ModelServerConfig:
    entries = "".join(LABEL.format(label, version) for label, version in labels.items())
    everything = "model_version_policy { all {} }"
    return config(f"name: 'm' base_path: '{base}' {everything} {entries}")


def test_a_label_points_to_an_available_version_only(core: ServerCore, tmp_path: Path) -> None:
    base = make(tmp_path / "m", 1, 2)
    with pytest.raises(StatusError) as error:
        core.reload_config(labelled(base, stable=1))
    assert error.value.code is Code.FAILED_PRECONDITION
    assert error.value.message == (
        "Request to assign label to version 1 of model m, which is not currently available for "
        "inference"
    )
    core.reload_config(labelled(base))
    settle(core, "m", {1: State.AVAILABLE, 2: State.AVAILABLE})
    core.reload_config(labelled(base, stable=1, canary=2))
    assert (version_of(core, label="stable"), version_of(core, label="canary")) == (1, 2)
    with pytest.raises(StatusError, match="not currently available"):
        core.reload_config(labelled(base, stable=9))
    assert version_of(core, label="stable") == 1  # the refused change changed nothing
    core.reload_config(labelled(base, stable=2))
    assert version_of(core, label="stable") == 2
    with pytest.raises(StatusError, match="Unrecognized servable version label: canary") as error:
        version_of(core, label="canary")
    assert error.value.code is Code.INVALID_ARGUMENT


def test_unused_labels_may_come_before_their_versions_where_that_is_allowed(
    tmp_path: Path,
) -> None:
    options = CoreOptions(0, RetryOptions(0, 0.0), allow_labels_for_unavailable=True)
    core = ServerCore(load, options)
    base = make(tmp_path / "m", 1)
    core.reload_config(labelled(base, stable=1, next=5))
    assert version_of(core, label="stable") == 1
    with pytest.raises(StatusError, match=r"Specific\(m, 5\)"):
        version_of(core, label="next")
    with pytest.raises(StatusError, match="not currently available"):
        core.reload_config(labelled(base, stable=5, next=5))  # in use: it may not be moved there


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (["name: 'm' base_path: '/a'", "name: 'm' base_path: '/b'"], "multiple times"),
        (["name: 'm' base_path: 'relative/path'"], "to have an absolute path or URI"),
    ],
)
def test_configurations_that_are_refused(core: ServerCore, models: list[str], message: str) -> None:
    with pytest.raises(StatusError, match=message):
        core.reload_config(config(*models))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base_path: '/a'", "neither ModelServerConfig::model_type"),
        ("base_path: '/a' model_platform: 'caffe'", "requests unsupported platform caffe"),
        ("base_path: '/a' model_type: OTHER", "not supported"),
        ("base_path: '/a' model_type: TENSORFLOW model_platform: 'tensorflow'", "setting both"),
    ],
)
def test_platforms(core: ServerCore, text: str, message: str) -> None:
    refused = f"model_config_list {{ config {{ name: 'm' {text} }} }}"
    with pytest.raises(StatusError, match=message):
        core.reload_config(text_format.Parse(refused, ModelServerConfig()))


def test_an_empty_config_changes_nothing(core: ServerCore, tmp_path: Path) -> None:
    core.reload_config(config(f"name: 'm' base_path: '{make(tmp_path / 'm', 1)}'"))
    core.reload_config(ModelServerConfig())
    assert version_of(core) == 1


@pytest.fixture
def status(core: ServerCore) -> Callable[..., list[tuple[int, int, int, str]]]:
    def ask(**version: object) -> list[tuple[int, int, int, str]]:
        request = GetModelStatusRequest()
        request.model_spec.name = "m"
        if version:
            request.model_spec.version.value = version["version"]
        return [
            (s.version, s.state, s.status.error_code, s.status.error_message)
            for s in model_status(core, request).model_version_status
        ]

    return ask


def test_status_lists_the_highest_version_first_with_errors(
    core: ServerCore, tmp_path: Path, status: Callable[..., list[tuple[int, int, int, str]]]
) -> None:
    base = make(tmp_path / "m", 1, broken=[2])
    everything = "model_version_policy { all {} }"
    core.reload_config(config(f"name: 'm' base_path: '{base}' {everything}"))
    settle(core, "m", {1: State.AVAILABLE, 2: State.END})
    broken = (2, int(State.END), int(Code.NOT_FOUND), f"{base}/2 is broken")
    assert status() == [broken, (1, int(State.AVAILABLE), 0, "")]
    assert status(version=2) == [broken]
    with pytest.raises(StatusError, match="Could not find version 3 of model m"):
        status(version=3)


def test_status_of_a_model_never_heard_of(
    core: ServerCore, status: Callable[..., list[tuple[int, int, int, str]]]
) -> None:
    with pytest.raises(StatusError, match="Could not find any versions of model m"):
        status()
    with pytest.raises(StatusError, match="Missing ModelSpec"):
        model_status(core, GetModelStatusRequest())
