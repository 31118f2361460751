"""Vectors that were learned elsewhere, for the values of a table."""

from pydantic import Field, PositiveInt, model_validator

from infnet_keras.spec.base import Block


class Vectors(Block):
    """A file with a vector for each value: of an item's text or picture, of a user's graph.

    A value's vector is projected and added to the embedding of its id. Values of the file that no
    training impression has get rows of the table, too: their vector says what their id cannot.
    """

    file: str = Field(min_length=1)
    """The Parquet file, below the directory of the raw files; read when data are prepared."""
    key: str = Field(min_length=1)
    """Its column of values, as the table's columns hold them; each at most once."""
    column: str = Field(min_length=1)
    """Its column of vectors: lists of numbers."""
    width: PositiveInt
    """How many numbers a vector has."""
    trained: bool = False
    """Whether training moves the vectors too, and not their projection alone."""
    only: bool = False
    """Whether the vector stands instead of the id's embedding, which then does not exist."""

    @model_validator(mode="after")
    def _two_columns(self) -> "Vectors":
        if self.key == self.column:
            raise ValueError(
                f"`key` and `column` both name {self.key!r}: one holds the values, the other their "
                "vectors"
            )
        return self
