"""Checks of a ModelServerConfig before it is put into effect."""

import re
from collections.abc import Iterable

from tensorflow_serving.config.model_server_config_pb2 import (
    TENSORFLOW,
    ModelConfig,
    ModelServerConfig,
)

from serving.status import failed_precondition, invalid_argument

PLATFORM = "tensorflow"
_REMOTE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://")


def single_model_config(name: str, base_path: str) -> ModelServerConfig:
    """The configuration that `--model_name` and `--model_base_path` stand for."""
    config = ModelServerConfig()
    config.model_config_list.config.add(name=name, base_path=base_path, model_platform=PLATFORM)
    return config


def check_config(config: ModelServerConfig, current: Iterable[ModelConfig]) -> None:
    """Check that a configuration can replace the current one.

    Args:
        config: the new configuration.
        current: the models configured at present.

    Raises:
        StatusError: what is wrong, in TensorFlow Serving's words.

    Source:
        TensorFlow Serving, model_servers/server_core.cc.
    """
    if config.WhichOneof("config") == "custom_model_config":
        raise failed_precondition(
            "Cannot transition to requested config. It is only legal to transition "
            "from one ModelConfigList to another."
        )
    models = config.model_config_list.config
    names: set[str] = set()
    for model in models:
        if model.name in names:
            raise invalid_argument(
                f"Illegal to list model {model.name} multiple times in config list"
            )
        names.add(model.name)
    for model in models:
        if not model.base_path.startswith("/") and not _REMOTE.match(model.base_path):
            raise invalid_argument(
                f"Expected model {model.name} to have an absolute path or URI; got "
                f"base_path()={model.base_path}"
            )
    platforms = {model.name: _platform(model) for model in current}
    for model in models:
        platform = _platform(model)
        if platforms.get(model.name, platform) != platform:
            raise invalid_argument(
                f"Illegal to change a model's platform. For model {model.name} platform was "
                f"{platforms[model.name]} and new platform requested is {platform}"
            )
        if platform != PLATFORM:
            raise invalid_argument(f"Model {model.name} requests unsupported platform {platform}")


def _platform(model: ModelConfig) -> str:
    if model.model_type:
        if model.model_platform:
            raise invalid_argument(
                "Illegal setting both ModelServerConfig::model_type (deprecated) and "
                f"ModelServerConfig::model_platform, model name is {model.name}"
            )
        if model.model_type != TENSORFLOW:
            raise invalid_argument(
                f"ModelServerConfig::model_type choice {model.model_type} not supported."
            )
        return PLATFORM
    if not model.model_platform:
        raise invalid_argument(
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor "
            f"ModelServerConfig::model_platform, model name is {model.name}"
        )
    return str(model.model_platform)
