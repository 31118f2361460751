"""Models by the name that a spec's `model: type` gives."""

from infnet_keras.models.infnet import INFNet
from infnet_keras.models.multi_task_model import MultiTaskModel

MODELS: dict[str, type[MultiTaskModel]] = {"infnet": INFNet}
