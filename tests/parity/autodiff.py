"""Value and gradients of a function of tensors, by the backend's own autodiff."""

import keras
import numpy as np
from keras import ops


def value_and_gradients(function, tensors):
    """`function(list of tensors)` -> tensor [..]; the gradients are those of its weighted sum.

    The weights of the sum are fixed draws, so that no two outputs cancel.

    Returns:
        The value and the list of gradients, as float64 NumPy arrays.
    """

    def scalar(values):
        output = function(values)
        draws = np.random.default_rng(7).uniform(0.5, 1.5, tuple(output.shape))
        return ops.sum(output * ops.convert_to_tensor(draws, dtype=output.dtype)), output

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        (_, output), gradients = jax.jit(jax.value_and_grad(scalar, has_aux=True))(tensors)
    elif backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            total, output = scalar(tensors)
        gradients = tape.gradient(
            total, tensors, unconnected_gradients=tf.UnconnectedGradients.ZERO
        )
        gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
    else:
        import torch

        tensors = [tensor.detach().clone().requires_grad_() for tensor in tensors]
        total, output = scalar(tensors)
        gradients = torch.autograd.grad(total, tensors, allow_unused=True, materialize_grads=True)
    return _numpy(output), [_numpy(gradient) for gradient in gradients]


def _numpy(tensor):
    return ops.convert_to_numpy(ops.stop_gradient(tensor)).astype("float64")
