"""Gradients of a Keras model, by the backend's own autodiff."""

import keras
import numpy as np
from keras import ops


def value_and_gradients(function, tensors, weights):
    """`function(list of tensors)` -> tensor, and the gradients of its sum weighted by `weights`.

    Returns:
        The value and the list of gradients, as float64 NumPy arrays.
    """

    def scalar(values):
        output = function(values)
        return ops.sum(output * ops.convert_to_tensor(weights, dtype=output.dtype)), output

    backend = keras.backend.backend()
    if backend == "jax":
        import jax

        compiled = jax.jit(jax.value_and_grad(scalar, has_aux=True))
        (_, output), gradients = compiled(tensors)
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
    return np.asarray(ops.convert_to_numpy(tensor), "float64")
