"""Keras callbacks for any model's `fit`."""

from infnet_keras.callbacks.exact_auc import ExactAUC

__all__ = ["ExactAUC"]
