"""Models that a feature spec describes, and what they share."""

from infnet_keras.models.aitm import AITM
from infnet_keras.models.dcnv2 import DCNv2
from infnet_keras.models.dien import DIEN
from infnet_keras.models.din import DIN
from infnet_keras.models.fm import FM
from infnet_keras.models.from_spec import from_spec
from infnet_keras.models.gdcn import GDCN
from infnet_keras.models.hstu import HSTU
from infnet_keras.models.infnet import INFNet
from infnet_keras.models.mmoe import MMoE
from infnet_keras.models.multi_task_model import MultiTaskModel
from infnet_keras.models.omoe import OMoE
from infnet_keras.models.ple import PLE
from infnet_keras.models.registry import MODELS
from infnet_keras.models.shared_bottom import SharedBottom
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.models.stem import STEM
from infnet_keras.models.wukong import WuKong

__all__ = [
    "AITM",
    "DIEN",
    "DIN",
    "FM",
    "GDCN",
    "HSTU",
    "MODELS",
    "PLE",
    "STEM",
    "DCNv2",
    "INFNet",
    "MMoE",
    "MultiTaskModel",
    "OMoE",
    "SharedBottom",
    "SpecModel",
    "WuKong",
    "from_spec",
]
