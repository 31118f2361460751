"""The steps of several histories, brought into one order."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class InterleavedHistories(keras.layers.Layer):
    """All steps of H histories in one, longest ago first, each plus a vector of its history.

    The vector tells what the user did, as the histories are of one kind of action each. Steps of
    one gap stand in the order of the histories, and within one in its own: the sort is stable.

    Args:
        unknown_gap: the id of a gap that nobody knows; such steps come first.
        **kwargs: of `keras.layers.Layer`.

    Call:
        steps: list of H tensors float [batch, length_h, dim].
        gaps: list of H tensors int [batch, length_h], above 0 at valid steps: ids of the time from
            a step to the impression, the larger the longer.
        masks: list of H tensors bool [batch, length_h], True at the valid steps.
        Returns float [batch, L, dim] and bool [batch, L], L the sum of the lengths; the valid steps
        come first, and what stands at the others means nothing.

    Example:
        >>> viewed, liked = np.array([[[1.0], [2.0]]]), np.array([[[7.0]]])
        >>> gaps = [np.array([[9, 3]]), np.array([[5]])]
        >>> masks = [np.ones((1, 2), bool), np.ones((1, 1), bool)]
        >>> steps, mask = InterleavedHistories(actions="zeros")([viewed, liked], gaps, masks)
        >>> keras.ops.convert_to_numpy(steps)[0, :, 0].tolist()
        [1.0, 7.0, 2.0]

    Reference:
        Zhai et al., arXiv 2402.17152, section 2.1: features of one user, merged into one time
        series. That actions are vectors added to what they are of, where the paper's ranking has a
        token for each, is our reading.
    """

    def __init__(self, unknown_gap: int = 1, actions: Any = "random_normal", **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.unknown_gap = unknown_gap
        self.initializer = keras.initializers.get(actions)

    def build(self, steps_shape: Any, gaps_shape: Any = None, masks_shape: Any = None) -> None:
        shape = (len(steps_shape), steps_shape[0][-1])
        self.actions = self.add_weight(shape, self.initializer, name="actions")

    def call(
        self, steps: Sequence[Any], gaps: Sequence[Any], masks: Sequence[Any]
    ) -> tuple[Any, Any]:
        joined = ops.concatenate(
            [each + self.actions[index] for index, each in enumerate(steps)], axis=1
        )
        mask = ops.concatenate(list(masks), axis=1)
        length, dim = joined.shape[1:]
        order = self._order(ops.cast(ops.concatenate(list(gaps), axis=1), "int32"), mask, length)
        mask = ops.reshape(ops.take_along_axis(mask, order, axis=1), (-1, length))
        order = ops.broadcast_to(ops.expand_dims(order, -1), ops.shape(joined))
        ordered = ops.take_along_axis(joined, order, axis=1)
        return ops.reshape(ordered, (-1, length, dim)), mask

    def _order(self, gaps: Any, mask: Any, length: int) -> Any:
        """Where each place's step stands now: int32 [batch, L]."""
        # Keys of one int32 each, no two alike, so that no backend's sort need be stable.
        longest = (2**31 - 1) // length - 1
        gaps = ops.where(ops.equal(gaps, self.unknown_gap), longest, ops.minimum(gaps, longest))
        keys = ops.where(mask, -gaps, 0) * length + ops.arange(length, dtype="int32")
        return ops.argsort(keys, axis=1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "unknown_gap": self.unknown_gap,
            "actions": keras.initializers.serialize(self.initializer),
        }
