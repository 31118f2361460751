"""The factorization machine: a weight per value, a product per pair."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from infnet_keras.layers import FactorizationMachine
from infnet_keras.models.joined_model import JoinedModel
from infnet_keras.spec.models import FMOptions


@keras.saving.register_keras_serializable(package="infnet_keras")
class FM(JoinedModel):
    """y_t = tower_t([sum_i w_i, sum_{i<j} v_i * v_j]).

    w_i, a table of width 1, and v_i are of each field's value. A sequence is one feature, whose w
    and v are the means over its valid steps: a set whose weights sum to 1. The towers keep the
    factors apart, and tell tasks apart. Without hidden layers a tower is
    b + a sum_i w_i + <c, sum_{i<j} v_i * v_j>, the paper's equation where a = 1 and c = (1, .., 1).

    Args, attributes, call and errors are those of `SpecModel`; the options those of `FMOptions`.

    Example:
        >>> spec = override_spec(load_spec("minimal"), {"model.type": "fm"})
        >>> from_spec(spec).name
        'fm'

    Reference:
        Rendle, Factorization machines, ICDM 2010, equation 1. The paper has one task, for which
        the factors' products are summed; the towers, and so the weights c, are our reading.
    """

    def build_layers(self) -> int:
        self.options(FMOptions)
        self.pairs = FactorizationMachine(dtype=self.dtype_policy, name="pairs")
        self.pairs.build((None, len(self.input_names), self.spec.dim))
        return 1 + self.spec.dim

    def read(self, joined: dict[str, Any], training: bool) -> Any:
        linear = ops.sum(joined["first_order"], axis=-1, keepdims=True)
        vectors = (-1, len(self.input_names), self.spec.dim)
        pairs = self.pairs(ops.reshape(joined["embeddings"], vectors))
        return self.for_every_task(ops.concatenate([linear, pairs], axis=-1))
