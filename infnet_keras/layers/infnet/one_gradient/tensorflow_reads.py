"""One gradient for tokens that several attentions read, on TensorFlow; see `reads`."""

from typing import Any

import tensorflow as tf

from infnet_keras.layers.infnet.one_gradient import products


def gradient_slots(tokens: Any, visible: Any, rows: list[int]) -> list[Any]:
    """See `reads.gradient_slots`."""

    @tf.custom_gradient
    def slots(tokens: Any) -> Any:
        batch, length, dim = tf.unstack(tf.shape(tokens))
        made = []
        for count in rows:
            made.append(tf.zeros([batch, length, 2 * count], tokens.dtype))
            made.append(tf.zeros([batch, 2 * count, dim], tokens.dtype))

        def backward(*factors: Any) -> Any:
            return products.of_tokens(list(factors[0::2]), list(factors[1::2]))

        return made, backward

    made = slots(tokens)
    return list(zip(made[0::2], made[1::2], strict=True))


def attend_into_slot(queries: Any, tokens: Any, visible: Any, slot: Any) -> Any:
    """See `reads.attend_into_slot`."""

    @tf.custom_gradient
    def attend(queries: Any, left: Any, right: Any) -> Any:
        outputs, weights = products.forward(queries, tokens, visible)

        def backward(gradient: Any) -> Any:
            of_queries, factors = products.backward(queries, tokens, weights, gradient)
            return of_queries, *factors

        return outputs, backward

    return attend(queries, *slot)
