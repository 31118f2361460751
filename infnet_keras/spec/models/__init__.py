"""One class of options per model; the spec's `model: type` tells them apart."""

from infnet_keras.spec.models.aitm import AITMOptions
from infnet_keras.spec.models.any_model import AnyModel, model_options
from infnet_keras.spec.models.dcnv2 import DCNv2Options
from infnet_keras.spec.models.dien import DIENOptions
from infnet_keras.spec.models.din import DINOptions
from infnet_keras.spec.models.fm import FMOptions
from infnet_keras.spec.models.gdcn import GDCNOptions
from infnet_keras.spec.models.hstu import HSTUOptions
from infnet_keras.spec.models.infnet import INFNetOptions
from infnet_keras.spec.models.mmoe import MMoEOptions
from infnet_keras.spec.models.model_options import ModelOptions
from infnet_keras.spec.models.omoe import OMoEOptions
from infnet_keras.spec.models.ple import PLEOptions
from infnet_keras.spec.models.shared_bottom import SharedBottomOptions
from infnet_keras.spec.models.stem import STEMOptions
from infnet_keras.spec.models.wukong import WuKongOptions

__all__ = [
    "AITMOptions",
    "AnyModel",
    "DCNv2Options",
    "DIENOptions",
    "DINOptions",
    "FMOptions",
    "GDCNOptions",
    "HSTUOptions",
    "INFNetOptions",
    "MMoEOptions",
    "ModelOptions",
    "OMoEOptions",
    "PLEOptions",
    "STEMOptions",
    "SharedBottomOptions",
    "WuKongOptions",
    "model_options",
]
