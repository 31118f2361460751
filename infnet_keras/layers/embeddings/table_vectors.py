"""What a layer is told of a table's vectors."""

from typing import NamedTuple


class TableVectors(NamedTuple):
    """Vectors of the values of one table.

    Attributes:
        width: of a vector.
        trained: whether training moves them.
        only: whether they stand instead of the ids' embeddings.
    """

    width: int
    trained: bool = False
    only: bool = False
