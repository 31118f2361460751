"""Warm start: what an earlier run has learnt, as a new run's first weights."""

from infnet_keras.training.warm_start.carry_over import carry_over
from infnet_keras.training.warm_start.warm_start_record import WarmStartRecord

__all__ = ["WarmStartRecord", "carry_over"]
