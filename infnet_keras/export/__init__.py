"""From a trained model to what TF Serving loads; imported without Keras and TensorFlow."""

from infnet_keras.export.predict import predict
from infnet_keras.export.saved_model import (
    export_run,
    export_saved_model,
    write_checked_saved_model,
)
from infnet_keras.export.transform_source import TransformSource

__all__ = [
    "TransformSource",
    "export_run",
    "export_saved_model",
    "predict",
    "write_checked_saved_model",
]
