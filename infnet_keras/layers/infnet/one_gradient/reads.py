"""Reads of tokens whose gradient is formed once, on every backend."""

from collections.abc import Sequence
from importlib import import_module
from typing import Any

import keras
from keras import ops

from infnet_keras.layers.infnet.visible_tokens import visible_tokens


def gradient_slots(tokens: Any, mask: Any, rows: Sequence[int]) -> list[Any]:
    """A slot for each attention that will read the tokens by `attend_into_slot`.

    A slot holds zeros, which nothing reads; what counts is its gradient. There an attention leaves
    the factors of what it adds to the gradient of the tokens: with weights A, outputs' gradient dO,
    scores' gradient dX and queries Q that is

    dX^T Q + A^T dO = [dX; A]^T [Q; dO]

    and the gradient of the tokens, formed here, is the product of the factors of all slots. On a
    GPU a kernel reads the tokens once for each attention and once for their gradient, and no score
    is ever written: a slot then holds what the scores are computed from anew.

    Args:
        tokens: float [batch, L, dim].
        mask: bool [batch, L], that every attention will be given; None counts all tokens.
        rows: for each attention, its queries.

    Returns:
        A tuple of tensors for each attention.
    """
    visible = None if mask is None else visible_tokens(mask)[0]
    slots: list[Any] = _backend().gradient_slots(tokens, visible, list(rows))
    return slots


def attend_into_slot(queries: Any, tokens: Any, visible: Any, slot: Any) -> Any:
    """softmax(queries tokens^T) tokens; the gradient of the tokens goes into the slot.

    Args:
        queries: float [batch, n, dim].
        tokens: float [batch, L, dim], those that `gradient_slots` was given.
        visible: bool [batch, 1, L], True somewhere in each row; None for all.
        slot: what `gradient_slots` made for it.

    Returns:
        float [batch, n, dim], of the tokens' dtype.
    """
    queries = ops.cast(queries, tokens.dtype)
    return _backend().attend_into_slot(queries, ops.stop_gradient(tokens), visible, slot)


def _backend() -> Any:
    # Each module imports its own framework.
    return import_module(f"infnet_keras.layers.infnet.one_gradient.{keras.backend.backend()}_reads")
