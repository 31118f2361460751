"""From raw logs to batches: preparation, prepared directories, readers, generated logs.

`ImpressionDataset` is in `infnet_keras.data.dataset`, the one module here that imports Keras.
"""

from infnet_keras.data.generate import Generated, generate
from infnet_keras.data.manifest import Manifest
from infnet_keras.data.prepare import prepare
from infnet_keras.data.prepared import PreparedData, Split
from infnet_keras.data.reader import ImpressionReader
from infnet_keras.data.window import Batch

__all__ = [
    "Batch",
    "Generated",
    "ImpressionReader",
    "Manifest",
    "PreparedData",
    "Split",
    "generate",
    "prepare",
]
