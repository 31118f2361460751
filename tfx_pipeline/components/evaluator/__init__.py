"""Evaluator: measures a model on the test part and blesses it if it passes its gates."""

from tfx_pipeline.components.evaluator.component import Evaluator

__all__ = ["Evaluator"]
