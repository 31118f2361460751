"""From raw logs to batches: preparation, prepared directories, readers, generated logs.

`ImpressionDataset` is in `infnet_keras.data.prepared.dataset`, which imports Keras.
"""

from infnet_keras.data.generated.generate import Generated, generate
from infnet_keras.data.history.splits import Split
from infnet_keras.data.preparation.prepare import prepare
from infnet_keras.data.prepared.batch import Batch
from infnet_keras.data.prepared.manifest import Manifest
from infnet_keras.data.prepared.prepared_data import PreparedData
from infnet_keras.data.prepared.reader import ImpressionReader

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
