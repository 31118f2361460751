"""Models that a feature spec describes, and what they share."""

from infnet_keras.models.aitm import AITM
from infnet_keras.models.from_spec import from_spec
from infnet_keras.models.infnet import INFNet
from infnet_keras.models.mmoe import MMoE
from infnet_keras.models.multi_task_model import MultiTaskModel
from infnet_keras.models.omoe import OMoE
from infnet_keras.models.ple import PLE
from infnet_keras.models.registry import MODELS
from infnet_keras.models.shared_bottom import SharedBottom
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.models.stem import STEM

__all__ = [
    "AITM",
    "MODELS",
    "PLE",
    "STEM",
    "INFNet",
    "MMoE",
    "MultiTaskModel",
    "OMoE",
    "SharedBottom",
    "SpecModel",
    "from_spec",
]
