"""Raw value -> id: one definition, run by Arrow and NumPy here and by TensorFlow when exported."""

from infnet_keras.features.assets import Assets
from infnet_keras.features.encoder import Encoder, encoders
from infnet_keras.features.raw_batch import read_raw
from infnet_keras.features.raw_inputs import RawInput, raw_inputs
from infnet_keras.features.row_transform import RowTransform

__all__ = [
    "Assets",
    "Encoder",
    "RawInput",
    "RowTransform",
    "encoders",
    "raw_inputs",
    "read_raw",
]
