"""Models by the name that a spec's `model: type` gives."""

from infnet_keras.models.aitm import AITM
from infnet_keras.models.dcnv2 import DCNv2
from infnet_keras.models.dien import DIEN
from infnet_keras.models.din import DIN
from infnet_keras.models.fm import FM
from infnet_keras.models.gdcn import GDCN
from infnet_keras.models.hstu import HSTU
from infnet_keras.models.infnet import INFNet
from infnet_keras.models.mmoe import MMoE
from infnet_keras.models.omoe import OMoE
from infnet_keras.models.ple import PLE
from infnet_keras.models.shared_bottom import SharedBottom
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.models.stem import STEM
from infnet_keras.models.wukong import WuKong

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
}
