"""The feature spec that this project's exporter puts among a version's assets."""

import tensorflow as tf

from infnet_keras.errors import SpecError
from infnet_keras.spec import FeatureSpec, parse_spec

_SPEC = "assets/spec.yaml"


def exported_spec(path: str) -> FeatureSpec | None:
    """The spec of an exported model.

    Args:
        path: of the version directory.

    Returns:
        The spec; None for a model that has none, such as another project's.
    """
    file = f"{path}/{_SPEC}"
    if not tf.io.gfile.exists(file):
        return None
    with tf.io.gfile.GFile(file, "rb") as opened:
        text = opened.read().decode(errors="replace")
    try:
        return parse_spec(text)
    except SpecError:  # another project's file of that name
        return None
