"""Interests of a user as they evolve towards a candidate: DIEN."""

from typing import Any

import keras
from keras import ops

from infnet_keras.layers.at_least_float32 import at_least_float32
from infnet_keras.layers.histories.gated_recurrence import GatedRecurrence
from infnet_keras.layers.softmax import softmax


@keras.saving.register_keras_serializable(package="infnet_keras")
class InterestEvolution(keras.layers.Layer):
    """The last state of an AUGRU over the states h_t of a GRU, for each candidate.

    Its attention is a_t = softmax_t(h_t W q), over the valid steps. The GRU runs once for all
    candidates of a user.

    Args:
        **kwargs: of `keras.layers.Layer`.

    Attributes:
        extractor: the GRU, a `GatedRecurrence` as wide as a step, so that its state can be compared
            with the next step (`next_step_loss`).

    Call:
        queries: float [batch, n, queries_width], n candidates of one history.
        steps: float [batch, length, width].
        steps_mask: bool [batch, length], True at the valid steps.
        Returns float [batch, n, width]; zeros where no step is valid.

    Example:
        >>> steps, mask = np.ones((2, 5, 6)), np.ones((2, 5), bool)
        >>> InterestEvolution()(np.ones((2, 3, 4)), steps, mask).shape
        (2, 3, 6)

    Reference:
        Zhou et al., Deep interest evolution network for click-through rate prediction, AAAI 2019,
        arXiv 1809.03672: interest extractor, attention and interest evolving layer (AUGRU).
    """

    def build(self, queries_shape: Any, steps_shape: Any, steps_mask_shape: Any = None) -> None:
        length, width = steps_shape[1:]
        self.extractor = GatedRecurrence(width, dtype=self.dtype_policy, name="extractor")
        self.extractor.build(steps_shape, (None, length))
        self.evolution = GatedRecurrence(width, dtype=self.dtype_policy, name="evolution")
        self.evolution.build(steps_shape, (None, length))
        self.attention = self.add_weight(
            (width, queries_shape[-1]), "glorot_uniform", name="attention"
        )

    def call(self, queries: Any, steps: Any, steps_mask: Any) -> Any:
        states = self.extractor(steps, steps_mask)[:, 0]
        scores = ops.matmul(ops.matmul(states, self.attention), ops.transpose(queries, (0, 2, 1)))
        scores = at_least_float32(ops.transpose(scores, (0, 2, 1)))
        scores = ops.where(ops.expand_dims(steps_mask, 1), scores, -1e9)
        return self.evolution(states, steps_mask, softmax(scores))[:, :, -1]
