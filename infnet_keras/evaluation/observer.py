"""What happens inside a model, as the output of another."""

from collections.abc import Callable, Mapping
from typing import Any

import keras


class Observer(keras.Model):
    """A model whose output is whatever a function says of another model's inputs.

    Keras compiles its forward pass, once for every batch size, as long as the object lives.

    Args:
        model: the model that is observed; its weights are read, never changed.
        look: inputs -> tensors, such as one of the model's methods.

    Example:
        >>> inputs = next(prepared.reader("test", 24).batches()).inputs
        >>> Observer(model, model.token_weights).predict_on_batch(inputs).shape
        (24, 4, 87)
    """

    def __init__(self, model: Any, look: Callable[[Mapping[str, Any]], Any]) -> None:
        super().__init__(name="observer")
        self.model = model  # tracked: under JAX its weights are then given to the compiled pass
        self.look = look
        self.built = True

    def call(self, inputs: Mapping[str, Any]) -> Any:
        return self.look(inputs)
