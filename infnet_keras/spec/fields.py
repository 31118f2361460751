"""Fields: one token each."""

from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from infnet_keras.spec.derived.derivation import Derivation
from infnet_keras.spec.derived.derive import Derive
from infnet_keras.spec.derived.local_time import LOCAL_TIME, LocalTimeName
from infnet_keras.spec.tables import Table, TableKeys

Side = Literal["user", "item", "context"]


class CategoricalField(TableKeys):
    """One categorical token: a column (or a derived value), its side and its table.

    `table` names a shared table; without it the field declares a table of its own with the keys
    of a table (vocabulary, hash, identity, quantiles, boundaries, vectors, oov, missing, size,
    dim), or enters as a number (numeric).
    """

    side: Side
    """Who owns the value: user and context are sent once per request, item once per candidate."""
    column: str | None = None
    """The column it reads, where that is not the field's name."""
    table: str | None = None
    """The shared table that embeds it; without it the field has a table of its own."""
    multivalue: str | None = Field(default=None, min_length=1)
    """The separator of a column that holds several values."""
    pooling: Literal["mean", "sum"] = "mean"
    """How the embeddings of several values become one."""
    max_values: PositiveInt = 8
    """Of several values, the first so many count."""
    derive: LocalTimeName | Derive | None = None
    """Compute the value from time or history instead of reading a column."""
    serve_as: int | float | str | None = None
    """What serving takes for the column, which no request then sends: a position, say, that is
    known only once the items are ranked. Training and evaluation read the log's; "" is missing."""

    @model_validator(mode="after")
    def _consistent(self) -> "CategoricalField":
        own = [*self.kinds, *self._table_options()]
        if self.derivation is not None and self.derivation.values is not None:
            unwanted = [key for key in own if key != "dim"]
            if self.table is not None:
                unwanted.append("table")
            if unwanted:
                raise ValueError(
                    f"{self.derive} has a table of its own, one row a value: "
                    f"drop {_quoted(unwanted)}"
                )
        elif self.table is not None:
            if own:
                raise ValueError(
                    f"the shared table {self.table!r} already says how values become rows: "
                    f"drop either `table` or {_quoted(own)}"
                )
        else:
            self._check_table()
        if self.derive is not None:
            if self.multivalue is not None:
                raise ValueError("a derived field has one value: drop `multivalue`")
            if self.column is not None:
                raise ValueError("a derived field reads no column of its own: drop `column`")
        if self.multivalue is None and (self.pooling != "mean" or self.max_values != 8):
            raise ValueError(
                "`pooling` and `max_values` are for several values: give their separator in "
                "`multivalue`, or drop them"
            )
        return self

    @property
    def derivation(self) -> Derivation | None:
        """How the value is computed; None where it is read from a column."""
        if isinstance(self.derive, Derive):
            found: Derivation = getattr(self.derive, self.derive.kind)
            return found
        return None if self.derive is None else LOCAL_TIME[self.derive]

    @property
    def is_sent(self) -> bool:
        """Whether a request holds the derived number itself, under the field's name."""
        return self.derivation is not None and self.derivation.is_sent

    def _table_options(self) -> list[str]:
        """The options of a table that differ from their defaults."""
        options = ("vectors", "oov", "missing", "size", "dim")
        return [o for o in options if getattr(self, o) != TableKeys.model_fields[o].default]

    def own_table(self) -> Table:
        """The table that this field declares for itself."""
        if self.derivation is not None and self.derivation.values is not None:
            return Table(identity=self.derivation.values, dim=self.dim)
        return Table(**{key: getattr(self, key) for key in Table.model_fields})


def _quoted(keys: list[str]) -> str:
    return " and ".join(f"`{key}`" for key in keys)
