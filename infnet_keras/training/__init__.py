"""Training: the fit behind the command line, its callbacks and its run directory."""

from infnet_keras.training.train import TrainingResult, train
from infnet_keras.training.training_state import Evaluation

__all__ = ["Evaluation", "TrainingResult", "train"]
