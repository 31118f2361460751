"""Batch scoring: the probabilities of a table of raw rows, in memory that does not grow with it."""

from infnet_keras.scoring.run_scorer import RunScorer
from infnet_keras.scoring.saved_model_scorer import SavedModelScorer
from infnet_keras.scoring.score_table import score_table
from infnet_keras.scoring.scorer import Scorer
from infnet_keras.scoring.table_plan import TablePlan

__all__ = ["RunScorer", "SavedModelScorer", "Scorer", "TablePlan", "score_table"]
