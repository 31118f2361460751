"""Raw value -> id or number: one definition, run by NumPy here and by TensorFlow when exported."""

from infnet_keras.features.assets import Assets
from infnet_keras.features.numpy.encoder import Encoder
from infnet_keras.features.numpy.encoders import encoders
from infnet_keras.features.numpy.row_transform import RowTransform
from infnet_keras.features.raw_batch import read_raw
from infnet_keras.features.raw_inputs import RawInput, raw_inputs

__all__ = [
    "Assets",
    "Encoder",
    "RawInput",
    "RowTransform",
    "encoders",
    "raw_inputs",
    "read_raw",
]
