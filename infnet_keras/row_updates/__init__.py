"""Updates of the embedding rows that a step reads, and of no others."""

from infnet_keras.row_updates.adagrad_rowwise import AdagradRowwise
from infnet_keras.row_updates.adam_lazy import AdamLazy
from infnet_keras.row_updates.row_updates import RowUpdates

ROW_RULES = {"adagrad_rowwise": AdagradRowwise, "adam_lazy": AdamLazy}
"""The rules, by their names in the spec."""

__all__ = ["ROW_RULES", "AdagradRowwise", "AdamLazy", "RowUpdates"]
