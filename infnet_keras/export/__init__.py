"""From a trained model to what TF Serving loads; imported without Keras and TensorFlow."""

from infnet_keras.export.predict import predict
from infnet_keras.export.saved_model import export_run, export_saved_model

__all__ = ["export_run", "export_saved_model", "predict"]
