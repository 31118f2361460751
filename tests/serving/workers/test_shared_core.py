"""Two workers' cores in one process: what one of them lacks, neither says or does."""

import multiprocessing
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from serving.lifecycle.model_config import single_model_config
from serving.lifecycle.model_versions import RetryOptions
from serving.lifecycle.server_core import CoreOptions
from serving.lifecycle.version_states import State
from serving.saved_model.servable import Servable
from serving.status import Code, StatusError, not_found
from serving.workers.peers import Peers, Place
from serving.workers.shared_core import SharedCore

Load = Callable[[str, int, str], Servable]
OPTIONS = CoreOptions(poll_wait=0, retry=RetryOptions(retries=0, interval=0.0))


class Closed:
    """A session that nothing is asked of."""

    def close(self) -> None:
        pass


def load(name: str, version: int, path: str) -> Servable:
    return Servable(name, version, path, {}, Closed())


def refuse_the_second(name: str, version: int, path: str) -> Servable:
    if version == 2:
        raise not_found("a file of version 2")
    return load(name, version, path)


def make_cores(directory: Path, *loads: Load) -> list[SharedCore]:
    context = multiprocessing.get_context("fork")
    addresses = tuple(str(directory / f"worker{index}") for index in range(len(loads)))
    loaded, turn = context.Barrier(len(loads)), context.Lock()
    cores = []
    for index, each in enumerate(loads):
        peers = Peers(Place(index, addresses, loaded, turn))
        cores.append(SharedCore(each, OPTIONS, peers))
        peers.answer(cores[-1].answers())
    return cores


@pytest.fixture
def config(tmp_path: Path) -> ModelServerConfig:
    """Versions 1 and 2 of one model."""
    for version in ("1", "2"):
        (tmp_path / "half" / version).mkdir(parents=True)
    config = single_model_config("half", str(tmp_path / "half"))
    config.model_config_list.config[0].model_version_policy.all.SetInParent()
    return config


def reached(core: SharedCore, version: int, state: State) -> bool:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        found = core.states_of("half").get(version)
        if found is not None and found.state is state:
            return True
        time.sleep(0.01)
    return False


def test_a_reload_is_put_into_effect_by_all(tmp_path: Path, config: ModelServerConfig) -> None:
    one, other = make_cores(tmp_path, load, load)
    one.reload_config(config)
    assert one.model_names() == other.model_names() == ["half"]
    for core in (one, other):
        assert reached(core, 2, State.AVAILABLE)


def test_what_one_could_not_load_is_available_with_none(
    tmp_path: Path, config: ModelServerConfig
) -> None:
    one, other = make_cores(tmp_path, load, refuse_the_second)
    one.reload_config(config)
    for core in (one, other):
        assert reached(core, 1, State.AVAILABLE)
        assert reached(core, 2, State.END)
        assert str(core.states_of("half")[2].error) == "NOT_FOUND: a file of version 2"


def test_labels_that_one_refuses_stay_as_they_are_with_all(
    tmp_path: Path, config: ModelServerConfig
) -> None:
    one, other = make_cores(tmp_path, load, refuse_the_second)
    one.reload_config(config)
    assert reached(one, 2, State.END)
    config.model_config_list.config[0].version_labels["stable"] = 1
    one.reload_config(config)
    # The worker that is asked has version 2.
    config.model_config_list.config[0].version_labels["stable"] = 2
    with pytest.raises(StatusError, match="version 2 of model half") as raised:
        one.reload_config(config)
    assert raised.value.code is Code.FAILED_PRECONDITION
    assert one.labels_of("half") == other.labels_of("half") == {"stable": 1}
