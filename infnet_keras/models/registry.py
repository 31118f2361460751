"""Models by the name that a spec's `model: type` gives."""

from infnet_keras.models.dcnv2 import DCNv2
from infnet_keras.models.dien import DIEN
from infnet_keras.models.din import DIN
from infnet_keras.models.fm import FM
from infnet_keras.models.gdcn import GDCN
from infnet_keras.models.hstu import HSTU
from infnet_keras.models.infnet import INFNet
from infnet_keras.models.shared_bottom import SharedBottom
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.models.wukong import WuKong

MODELS: dict[str, type[SpecModel]] = {
    "infnet": INFNet,
    "shared_bottom": SharedBottom,
    "dcnv2": DCNv2,
    "fm": FM,
    "gdcn": GDCN,
    "wukong": WuKong,
    "din": DIN,
    "dien": DIEN,
    "hstu": HSTU,
}
