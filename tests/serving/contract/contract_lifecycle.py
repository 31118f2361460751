"""One model of one test on a server that runs already: its versions come and go as files."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from uuid import uuid4

from contract_grpc import GrpcApi
from contract_server import wait_until
from google.protobuf import text_format
from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest
from tensorflow_serving.config.model_server_config_pb2 import ModelConfig, ModelServerConfig


class OwnModel:
    """A model with a name and a directory of its own.

    Args:
        models: the directory that `write_models` wrote.
    """

    def __init__(self, models: Path) -> None:
        self.name = f"own_{uuid4().hex}"
        self.directory = models / "lifecycle" / self.name
        self.directory.mkdir()
        self._models = models

    def add(self, version: int, template: str | None = None) -> None:
        """Put a version in place at once, as a release does: "versions/2" is copied as 2."""
        source = self._models / (template or f"versions/{version}")
        hidden = self.directory / f".adding-{version}"
        shutil.copytree(source, hidden)
        hidden.rename(self.directory / str(version))

    def remove(self, version: int) -> None:
        """Take a version away at once."""
        hidden = self.directory / f".removing-{version}"
        (self.directory / str(version)).rename(hidden)
        shutil.rmtree(hidden)

    def config(self, policy: str = "", labels: Mapping[str, int] | None = None) -> ModelConfig:
        """Its part of the configuration; the policy is text such as "all {}"."""
        config = ModelConfig(
            name=self.name, base_path=str(self.directory), model_platform="tensorflow"
        )
        if policy:
            text_format.Parse(policy, config.model_version_policy)
        config.version_labels.update(labels or {})
        return config


class Reloader:
    """Reloads the configuration of a server: what it was started with and some models more.

    Args:
        grpc_api: the server.
        models: the directory that `write_models` wrote.
    """

    def __init__(self, grpc_api: GrpcApi, models: Path) -> None:
        text = (models / "models.config").read_text()
        self._started_with = text_format.Parse(text, ModelServerConfig())
        self._grpc_api = grpc_api
        self._added: set[str] = set()

    def request(self, configs: Iterable[ModelConfig] = ()) -> ReloadConfigRequest:
        request = ReloadConfigRequest(config=self._started_with)
        request.config.model_config_list.config.extend(configs)
        return request

    def restore(self) -> None:
        """Reload what the server was started with, and wait until the rest has ended.

        A model that is served again while it still ends may be taken for one that cannot load.
        """
        self()
        for name in self._added:
            assert wait_until(lambda name=name: self._has_ended(name)), name

    def __call__(self, *configs: ModelConfig) -> None:
        self._added.update(config.name for config in configs)
        method = self._grpc_api.models.HandleReloadConfigRequest
        response = self._grpc_api.call(method, self.request(configs))
        assert response.status.error_code == 0, response

    def _has_ended(self, name: str) -> bool:
        return set(self._grpc_api.states(name).values()) == {"END"}
