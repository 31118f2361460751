"""Models that a feature spec describes, and what they share."""

from infnet_keras.models.from_spec import from_spec
from infnet_keras.models.histories.dien import DIEN
from infnet_keras.models.histories.din import DIN
from infnet_keras.models.histories.din_dcnv2_ple import DINDCNv2PLE
from infnet_keras.models.histories.hstu import HSTU
from infnet_keras.models.infnet import INFNet
from infnet_keras.models.interactions.dcnv2 import DCNv2
from infnet_keras.models.interactions.fm import FM
from infnet_keras.models.interactions.gdcn import GDCN
from infnet_keras.models.interactions.wukong import WuKong
from infnet_keras.models.multi_task.aitm import AITM
from infnet_keras.models.multi_task.mmoe import MMoE
from infnet_keras.models.multi_task.omoe import OMoE
from infnet_keras.models.multi_task.ple import PLE
from infnet_keras.models.multi_task.shared_bottom import SharedBottom
from infnet_keras.models.multi_task.stem import STEM
from infnet_keras.models.multi_task_model import MultiTaskModel
from infnet_keras.models.registry import MODELS
from infnet_keras.models.spec_model import SpecModel

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
    "DINDCNv2PLE",
    "INFNet",
    "MMoE",
    "MultiTaskModel",
    "OMoE",
    "SharedBottom",
    "SpecModel",
    "WuKong",
    "from_spec",
]
