"""Models by the name that a spec's `model: type` gives."""

from infnet_keras.models.aitm import AITM
from infnet_keras.models.infnet import INFNet
from infnet_keras.models.mmoe import MMoE
from infnet_keras.models.omoe import OMoE
from infnet_keras.models.ple import PLE
from infnet_keras.models.shared_bottom import SharedBottom
from infnet_keras.models.spec_model import SpecModel
from infnet_keras.models.stem import STEM

MODELS: dict[str, type[SpecModel]] = {
    "infnet": INFNet,
    "shared_bottom": SharedBottom,
    "mmoe": MMoE,
    "omoe": OMoE,
    "ple": PLE,
    "stem": STEM,
    "aitm": AITM,
}
