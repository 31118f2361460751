"""The token of a number."""

import math
from typing import Any

import keras
from keras import ops


@keras.saving.register_keras_serializable(package="infnet_keras")
class NumberEmbedding(keras.layers.Layer):
    """A learned projection of a number, or of a few; a missing one has a learned vector of its own.

    Linear: x v + b. Periodic: [sin(2 pi c x), cos(2 pi c x)] W + b, where the frequencies c are
    learned, too: a token that may bend, and turn, where x grows. No ReLU follows, as it may in the
    paper: a token of width 1, as a factorisation machine's first order has, could die of it.

    Args:
        dim: width of a token.
        frequencies: of a periodic embedding, for each number; 0 is a linear one.
        frequency_scale: the standard deviation that the frequencies start with.
        initializer: of v, b and the missing one's vector; a Keras initialiser or its name. None is
            a normal distribution of standard deviation 0.01, as rows of tables have it, so that all
            tokens start alike. W starts as that of a dense layer.
        **kwargs: of `keras.layers.Layer`.

    Call:
        numbers: float [batch, width], standardised; NaN where missing. Where a row has several
            numbers, one missing makes the row so.
        Returns float [batch, dim].

    Example:
        >>> layer = NumberEmbedding(dim=8)
        >>> layer(np.array([[0.5], [np.nan]], "float32")).shape
        (2, 8)

    Reference:
        Song et al., AutoInt, CIKM 2019, section 4.2, equation 4: e = v x, here with a bias.
        Gorishniy, Rubachev and Babenko, On Embeddings for Numerical Features in Tabular Deep
        Learning, NeurIPS 2022, section 3: "PL".
    """

    def __init__(
        self,
        dim: int,
        frequencies: int = 0,
        frequency_scale: float = 0.1,
        initializer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = dim
        self.frequencies = frequencies
        self.frequency_scale = frequency_scale
        self.initializer = keras.initializers.get(
            keras.initializers.RandomNormal(stddev=0.01) if initializer is None else initializer
        )

    def build(self, numbers_shape: Any) -> None:
        width = numbers_shape[-1]

        def vectors(shape: tuple[int, ...], name: str) -> Any:
            # An initialiser gives equal numbers each time.
            return self.add_weight(shape=shape, initializer=self.initializer.clone(), name=name)

        if self.frequencies:
            self.frequency = self.add_weight(
                shape=(width, self.frequencies),
                initializer=keras.initializers.RandomNormal(stddev=self.frequency_scale),
                name="frequency",
                autocast=False,
            )
            self.kernel = self.add_weight(
                shape=(2 * width * self.frequencies, self.dim),
                initializer="glorot_uniform",
                name="kernel",
            )
        else:
            self.kernel = vectors((width, self.dim), "kernel")
        self.bias = vectors((self.dim,), "bias")
        self.missing = vectors((self.dim,), "missing")

    def call(self, numbers: Any) -> Any:
        known = ops.logical_not(ops.isnan(numbers))
        # Before anything is multiplied: a NaN would come back in the gradients.
        numbers = ops.where(known, numbers, ops.zeros_like(numbers))
        if self.frequencies:
            # Angles in the precision of the variables, whatever the rest is computed in.
            frequency = ops.convert_to_tensor(self.frequency)
            angles = ops.expand_dims(ops.cast(numbers, frequency.dtype), -1) * frequency
            angles = ops.reshape(angles, (-1, numbers.shape[-1] * self.frequencies))
            angles = angles * (2 * math.pi)
            waves = ops.concatenate([ops.sin(angles), ops.cos(angles)], axis=-1)
            features = ops.cast(waves, self.compute_dtype)
        else:
            features = ops.cast(numbers, self.compute_dtype)
        token = ops.matmul(features, self.kernel) + self.bias
        missing = ops.cast(ops.convert_to_tensor(self.missing), token.dtype)
        return ops.where(ops.all(known, axis=-1, keepdims=True), token, missing)

    def compute_output_shape(self, numbers_shape: Any) -> tuple[Any, ...]:
        return (*numbers_shape[:-1], self.dim)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "dim": self.dim,
            "frequencies": self.frequencies,
            "frequency_scale": self.frequency_scale,
            "initializer": keras.initializers.serialize(self.initializer),
        }
