"""Multi-task recommenders from one feature spec: data, INFNet on Keras 3, training, serving.

Public names are imported on first use, so that `import infnet_keras` alone loads neither Keras nor
a backend and `KERAS_BACKEND` can still be chosen.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infnet_keras import callbacks as callbacks
    from infnet_keras import layers as layers
    from infnet_keras import losses as losses
    from infnet_keras import metrics as metrics
    from infnet_keras import models as models
    from infnet_keras import testing as testing
    from infnet_keras.data import PreparedData, generate, prepare
    from infnet_keras.data.prepared.dataset import ImpressionDataset
    from infnet_keras.evaluation import evaluate_predictions, predict_split
    from infnet_keras.export import export_saved_model
    from infnet_keras.models import INFNet, from_spec
    from infnet_keras.spec import FeatureSpec, load_spec
    from infnet_keras.training.train import train

__version__ = "0.2.0"

_HOMES = {
    "FeatureSpec": "spec",
    "INFNet": "models",
    "ImpressionDataset": "data.prepared.dataset",
    "PreparedData": "data",
    "evaluate_predictions": "evaluation",
    "export_saved_model": "export",
    "from_spec": "models",
    "generate": "data",
    "load_spec": "spec",
    "predict_split": "evaluation",
    "prepare": "data",
    "train": "training",
}
# Subpackages that Keras users expect as attributes.
_SUBPACKAGES = ("callbacks", "layers", "losses", "metrics", "models", "testing")
__all__ = [
    "FeatureSpec",
    "INFNet",
    "ImpressionDataset",
    "PreparedData",
    "callbacks",
    "evaluate_predictions",
    "export_saved_model",
    "from_spec",
    "generate",
    "layers",
    "load_spec",
    "losses",
    "metrics",
    "models",
    "predict_split",
    "prepare",
    "testing",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _SUBPACKAGES:
        return import_module(f"infnet_keras.{name}")
    if name not in _HOMES:
        raise AttributeError(f"module 'infnet_keras' has no attribute {name!r}")
    return getattr(import_module(f"infnet_keras.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
