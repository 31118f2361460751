"""Which tokens an attention may look at."""

from typing import Any

from keras import ops


def visible_tokens(mask: Any) -> tuple[Any, Any]:
    """The tokens that each row looks at, and whether it counts any.

    A row that counts no token looks at all of them, so that its softmax is finite; its result is
    then dropped.

    Args:
        mask: bool [batch, L], True at the tokens that count.

    Returns:
        bool [batch, 1, L], True somewhere in each row, and bool [batch, 1, 1].
    """
    some = ops.any(mask, axis=-1, keepdims=True)
    visible = ops.logical_or(mask, ops.logical_not(some))
    return ops.expand_dims(visible, 1), ops.expand_dims(some, 1)
