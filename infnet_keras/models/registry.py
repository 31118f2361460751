"""Models by the name that a spec's `model: type` gives."""

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
from infnet_keras.models.spec_model import SpecModel

MODELS: dict[str, type[SpecModel]] = {
    "infnet": INFNet,
    "shared_bottom": SharedBottom,
    "mmoe": MMoE,
    "omoe": OMoE,
    "ple": PLE,
    "stem": STEM,
    "aitm": AITM,
    "dcnv2": DCNv2,
    "fm": FM,
    "gdcn": GDCN,
    "wukong": WuKong,
    "din": DIN,
    "dien": DIEN,
    "hstu": HSTU,
    "din_dcnv2_ple": DINDCNv2PLE,
}
