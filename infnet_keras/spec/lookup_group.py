"""A set of tables of their own over the same ids."""

from typing import NamedTuple


class LookupGroup(NamedTuple):
    """Embeddings that a model asks for under one name.

    Every group has tables of its own; vocabularies are shared, so the ids are the same.

    Attributes:
        name: under which the embeddings come back.
        width: of every table's rows; None takes each table's own width.
        project: whether a row of another width is mapped to the model's width by a matrix.
        inputs: names of the inputs that it embeds; None embeds all.

    Example:
        >>> LookupGroup("first_order", width=1, project=False).name
        'first_order'
    """

    name: str = "embeddings"
    width: int | None = None
    project: bool = True
    inputs: tuple[str, ...] | None = None
