"""Rows of a file that are not yet rows of a table: several in one, or columns packed in a cell."""

from pydantic import Field, model_validator

from infnet_keras.spec.base import Block


class Explode(Block):
    """One row of the file becomes several rows; its other columns repeat.

    Either one `column` whose elements are rows (`N1-1 N2-0`), taken apart at `part_separator` into
    the columns of `into`, or several `columns` that are lists of equal length (one row a user).
    A row whose cell is empty becomes no row.
    """

    column: str | None = None
    """The column whose cell packs several rows."""
    into: list[str] | None = Field(default=None, min_length=1)
    """The columns that an element of `column` becomes; without it one, called like `column`."""
    part_separator: str | None = Field(default=None, min_length=1)
    """What separates the parts of an element, one for each column of `into`."""
    columns: list[str] | None = Field(default=None, min_length=1)
    """Instead of `column`: columns that hold lists; the i-th elements are one row."""
    separator: str | None = Field(default=None, min_length=1)
    """What separates the elements of a text; a column of lists needs none."""

    @model_validator(mode="after")
    def _one_form(self) -> "Explode":
        if (self.column is None) == (self.columns is None):
            raise ValueError(
                "give either `column` (its elements are rows) or `columns` (lists of equal length)"
            )
        if self.columns is not None and (self.into or self.part_separator):
            raise ValueError("`into` and `part_separator` take the elements of one `column` apart")
        if self.part_separator is not None and len(self.into or []) < 2:
            raise ValueError("`part_separator` separates parts: name two or more columns in `into`")
        if self.part_separator is not None and self.part_separator == self.separator:
            raise ValueError(
                "elements and parts need two: `part_separator` differs from `separator`"
            )
        made = self.made
        if len(set(made)) < len(made):
            raise ValueError("two of the columns that come out have the same name")
        return self

    @property
    def read(self) -> list[str]:
        """The columns of the file that are taken apart."""
        return [self.column] if self.column is not None else list(self.columns or [])

    @property
    def made(self) -> list[str]:
        """The columns that come out in their place."""
        return list(self.into or self.read)


class Packed(Block):
    """Features packed into one cell, each `field:id` or `field:id:value`: a column a field.

    The cell `101:26:1.0,205:7:1.0` with `separator: ","`, `id_separator: ":"` and
    `value_separator: ":"` gives column 101 the value 26 and column 205 the value 7. Several ids of
    one field are several values (`multivalue`). What follows `value_separator` is not read.
    """

    column: str
    """The column that packs the features."""
    separator: str = Field(min_length=1)
    """What separates one feature from the next."""
    id_separator: str = Field(min_length=1)
    """What separates a feature's field from its id."""
    value_separator: str | None = Field(default=None, min_length=1)
    """What separates a feature's id from its value; without it features have none."""
    rename: dict[str, str] = Field(default_factory=dict)
    """Names of columns by field, where the field is not the name; also fields that the first rows
    do not hold."""

    @model_validator(mode="after")
    def _distinct(self) -> "Packed":
        names = list(self.rename.values())
        if len(set(names)) < len(names):
            raise ValueError("`rename` gives two fields the same name")
        if self.separator in (self.id_separator, self.value_separator):
            raise ValueError("`separator` stands between features: the other separators differ")
        return self
