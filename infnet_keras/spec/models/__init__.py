"""One class of options per model; the spec's `model: type` tells them apart."""

from infnet_keras.spec.models.any_model import AnyModel, model_options
from infnet_keras.spec.models.histories.dien import DIENOptions
from infnet_keras.spec.models.histories.din import DINOptions
from infnet_keras.spec.models.histories.din_dcnv2_ple import DINDCNv2PLEOptions
from infnet_keras.spec.models.histories.hstu import HSTUOptions
from infnet_keras.spec.models.infnet import INFNetOptions
from infnet_keras.spec.models.interactions.dcnv2 import DCNv2Options
from infnet_keras.spec.models.interactions.fm import FMOptions
from infnet_keras.spec.models.interactions.gdcn import GDCNOptions
from infnet_keras.spec.models.interactions.wukong import WuKongOptions
from infnet_keras.spec.models.model_options import ModelOptions
from infnet_keras.spec.models.multi_task.aitm import AITMOptions
from infnet_keras.spec.models.multi_task.mmoe import MMoEOptions
from infnet_keras.spec.models.multi_task.omoe import OMoEOptions
from infnet_keras.spec.models.multi_task.ple import PLEOptions
from infnet_keras.spec.models.multi_task.shared_bottom import SharedBottomOptions
from infnet_keras.spec.models.multi_task.stem import STEMOptions

__all__ = [
    "AITMOptions",
    "AnyModel",
    "DCNv2Options",
    "DIENOptions",
    "DINDCNv2PLEOptions",
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
