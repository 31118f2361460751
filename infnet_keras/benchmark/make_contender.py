"""From the name of a contender to what runs."""

from pathlib import Path

from infnet_keras.benchmark.contender import Contender, Entry
from infnet_keras.benchmark.fuxictr.fuxictr_contender import FUXICTR, fuxictr_model
from infnet_keras.benchmark.keras_contenders import keras_backbone, keras_model
from infnet_keras.benchmark.multi_head.multi_head_infnet import MultiHeadINFNet
from infnet_keras.benchmark.plain_contenders import plain_backbone, plain_model
from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import spec_of
from infnet_keras.models import MODELS, INFNet
from infnet_keras.spec import override_spec


def make_contender(entry: Entry, setting: Setting, sources: Path | None = None) -> Contender:
    """A contender, ready to run.

    Args:
        entry: its name, and whether all of it is meant or the blocks alone.
        setting: the shape and its size.
        sources: FuxiCTR's, where the name asks for one of its models.
    """
    spec = spec_of(setting)
    name, part = entry
    if name.startswith(FUXICTR) and sources is not None:
        return fuxictr_model(name.removeprefix(FUXICTR), sources, setting, spec)
    if name == "plain":
        return (plain_model if part == "model" else plain_backbone)(setting, spec)
    if name in ("infnet", "attention"):
        model_class = INFNet if name == "infnet" else MultiHeadINFNet
        return (keras_model if part == "model" else keras_backbone)(setting, spec, model_class)
    other = override_spec(spec, {"model.type": name, "model.dim": setting.width})
    return keras_model(setting, other, MODELS[name])
