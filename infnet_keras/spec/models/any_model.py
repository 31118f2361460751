"""The `model` block: the options of one of the models, told apart by `type`."""

from typing import Annotated, Any, get_args

from pydantic import Discriminator, Tag

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

DEFAULT_TYPE = "infnet"


def type_of(block: Any) -> Any:
    """The model's type that a block names, as data or as options; infnet where it names none."""
    if isinstance(block, dict):
        return block.get("type", DEFAULT_TYPE)
    return getattr(block, "type", DEFAULT_TYPE)


AnyModel = Annotated[
    Annotated[INFNetOptions, Tag("infnet")]
    | Annotated[SharedBottomOptions, Tag("shared_bottom")]
    | Annotated[MMoEOptions, Tag("mmoe")]
    | Annotated[OMoEOptions, Tag("omoe")]
    | Annotated[PLEOptions, Tag("ple")]
    | Annotated[STEMOptions, Tag("stem")]
    | Annotated[AITMOptions, Tag("aitm")]
    | Annotated[DCNv2Options, Tag("dcnv2")]
    | Annotated[FMOptions, Tag("fm")]
    | Annotated[GDCNOptions, Tag("gdcn")]
    | Annotated[WuKongOptions, Tag("wukong")]
    | Annotated[DINOptions, Tag("din")]
    | Annotated[DIENOptions, Tag("dien")]
    | Annotated[HSTUOptions, Tag("hstu")]
    | Annotated[DINDCNv2PLEOptions, Tag("din_dcnv2_ple")],
    Discriminator(type_of),
]


def model_options() -> dict[str, type[ModelOptions]]:
    """The class of options of every model, by the model's type."""
    tagged = [get_args(member) for member in get_args(get_args(AnyModel)[0])]
    return {tag.tag: options for options, tag in tagged}
