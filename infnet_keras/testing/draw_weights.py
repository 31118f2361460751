"""Weights with which outputs depend on everything."""

import keras
import numpy as np


def draw_weights(model: keras.Model, seed: int = 5) -> None:
    """Give every weight of a built model random values that keep activations in range.

    Fresh weights hide mistakes: biases are 0, embeddings tiny. Here a matrix has the standard
    deviation of its fan-in, an embedding .7, a vector .4.

    Args:
        model: a built model of a feature spec.
        seed: of the draws.
    """
    draws = np.random.default_rng(seed)
    layers = model.embedded_inputs.tables.values()
    tables = {id(table) for layer in layers for table in layer.tables.values()}
    for weight in model.trainable_variables:
        deviation = 0.4 if len(weight.shape) < 2 else weight.shape[-2] ** -0.5
        deviation = 0.7 if id(weight) in tables else deviation
        weight.assign(draws.normal(0.0, deviation, weight.shape).astype("float32"))
