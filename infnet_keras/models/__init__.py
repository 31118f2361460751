"""INFNet and what every multi-task model shares."""

from infnet_keras.models.from_spec import from_spec
from infnet_keras.models.infnet import INFNet
from infnet_keras.models.multi_task_model import MultiTaskModel
from infnet_keras.models.registry import MODELS

__all__ = ["MODELS", "INFNet", "MultiTaskModel", "from_spec"]
