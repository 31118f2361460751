"""FuxiCTR's own code, loaded from a copy of its repository."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import yaml

from infnet_keras.errors import ModelError

# Where a model lies in the repository.
FUXICTR_MODELS = {
    "FM": "model_zoo/FM",
    "DIN": "model_zoo/DIN",
    "DCNv2": "model_zoo/DCNv2",
    "GDCN": "model_zoo/GDCN",
    "WuKong": "model_zoo/WuKong",
    "MMoE": "model_zoo/multitask/MMoE",
    "PLE": "model_zoo/multitask/PLE",
}
_FEATURES = "fuxictr/features.py"


def check_sources(sources: Path) -> None:
    """Make sure that a directory is a copy of FuxiCTR's repository, whose needs are installed.

    Raises:
        ModelError: it is not, or something that FuxiCTR imports is not installed.
    """
    wanted = [_FEATURES, *(f"{path}/src/{name}.py" for name, path in FUXICTR_MODELS.items())]
    missing = [path for path in wanted if not (sources / path).is_file()]
    if missing:
        raise ModelError(
            f"{sources} is no copy of FuxiCTR's repository: there is no {missing[0]} in it"
        )
    for name in FUXICTR_MODELS:
        model_class(sources, name)


def feature_map(sources: Path) -> Any:
    """An empty FeatureMap of FuxiCTR's."""
    module = _loaded(sources, lambda: importlib.import_module("fuxictr.features"))
    return module.FeatureMap("speed", str(sources))


def model_class(sources: Path, name: str) -> Any:
    """The class of a model."""
    path = sources / FUXICTR_MODELS[name] / "src" / f"{name}.py"

    def load() -> Any:
        found = importlib.util.spec_from_file_location(f"fuxictr_model_{name}", path)
        assert found is not None
        assert found.loader is not None
        module = importlib.util.module_from_spec(found)
        found.loader.exec_module(module)
        return module

    return getattr(_loaded(sources, load), name)


def template(sources: Path, name: str) -> dict[str, Any]:
    """The settings that FuxiCTR ships for a model as `NAME_default`."""
    path = sources / FUXICTR_MODELS[name] / "config" / "model_config.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        return {**content["Base"], **content[f"{name}_default"]}
    except (OSError, KeyError, TypeError, yaml.YAMLError) as error:
        raise ModelError(f"{path} holds no settings {name}_default: {error}") from error


def _loaded(sources: Path, load: Any) -> Any:
    place = str(sources.resolve())
    if place not in sys.path:
        sys.path.insert(0, place)
    try:
        return load()
    except ModuleNotFoundError as error:
        raise ModelError(
            f"FuxiCTR needs {error.name}, which is not installed: "
            f"pip install -r {sources / 'requirements.txt'}"
        ) from error
