"""What one input of a model is."""

from typing import Literal, NamedTuple


class InputFeature(NamedTuple):
    """One named input: a field's value, or an attribute of a sequence's steps.

    Attributes:
        name: of the input.
        table: the table whose ids it holds; None for numbers, which are float.
        length: steps of a sequence, None for a field.
        max_values: ids a value has, where it may have several; None for one.
        pooling: how the embeddings of several values become one.
        width: of an input of numbers, how many a value has.
        frequencies: of an input of numbers, how many its embedding has; 0 is a linear one.
        frequency_scale: the standard deviation that these start with.
    """

    name: str
    table: str | None
    length: int | None = None
    max_values: int | None = None
    pooling: Literal["mean", "sum"] = "mean"
    width: int = 1
    frequencies: int = 0
    frequency_scale: float = 0.1
