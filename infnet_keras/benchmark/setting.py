"""What is measured: a shape of inputs, at a size."""

from typing import NamedTuple


class Setting(NamedTuple):
    """A shape of inputs and the sizes that it has.

    Attributes:
        shape: one of `SHAPES`.
        width: of every token and table row.
        batch: examples of a step.
        blocks: of INFNet.
        precision: Keras' dtype policy.
        history: the shape's steps of each sequence, times this.
        fields: the shape's number of fields, times this.
        vocabulary: the shape's rows of each vocabulary, times this.

    Example:
        >>> Setting("pure", width=64)._replace(history=0.5).history
        0.5
    """

    shape: str
    width: int = 32
    batch: int = 1024
    blocks: int = 3
    precision: str = "float32"
    history: float = 1.0
    fields: float = 1.0
    vocabulary: float = 1.0
