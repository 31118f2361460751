"""Embedding tables: how a raw value becomes a row."""

from itertools import pairwise
from typing import Literal, Self

from pydantic import Field, PositiveInt, field_validator, model_validator

from infnet_keras.spec.base import Block
from infnet_keras.spec.numeric import Numeric
from infnet_keras.spec.vectors import Vectors

KINDS = ("vocabulary", "hash", "identity", "quantiles", "boundaries", "numeric")
PADDING_ID = 0


class Vocabulary(Block):
    """Values that get rows of their own, fitted on the training part."""

    min_count: PositiveInt = 1
    """A value seen less often in the training part is out of vocabulary."""
    max_size: PositiveInt | None = None
    """Keep this many values, the most frequent ones; null keeps all."""


class TableKeys(Block):
    """The keys that declare a table, in `tables` and in a field with a table of its own."""

    vocabulary: Vocabulary | None = None
    """One row per value seen in the training part; `{}` takes every value."""
    hash: PositiveInt | None = None
    """This many rows, shared by the values whose hash agrees."""
    identity: PositiveInt | None = None
    """Integers 0 .. n - 1, each with its row."""
    quantiles: int | None = Field(default=None, ge=2)
    """Numbers in this many buckets of about equal size, fitted on the training part."""
    boundaries: list[int | float] | None = Field(default=None, min_length=1)
    """Numbers in buckets between these boundaries; a bucket starts with its boundary."""
    numeric: Numeric | None = None
    """Of a field: the number itself, standardised, which reads no row; `{}` takes the defaults."""
    vectors: Vectors | None = None
    """Of a vocabulary: vectors of its values, learned elsewhere, which a file holds."""
    oov: PositiveInt = 1
    """Rows for values out of the vocabulary, which are spread over them by hash."""
    missing: Literal["oov", "own"] = "oov"
    """Whether a missing value has a row of its own or is out of vocabulary."""
    size: PositiveInt | None = None
    """Rows to reserve for a vocabulary that is not fitted yet."""
    dim: PositiveInt | None = None
    """Width of a row where it is not the model's; a linear map then leads to the model's."""

    @field_validator("boundaries")
    @classmethod
    def _increasing(cls, values: list[int | float] | None) -> list[int | float] | None:
        if values is None:
            return None
        if any(a >= b for a, b in pairwise(values)):
            raise ValueError("the boundaries must increase strictly")
        # 7 and 7.0 are one boundary; an integer that no float holds stays as it is
        return [
            value if int(value) == value and abs(value) > 2**53 else float(value)
            for value in values
        ]

    @property
    def kinds(self) -> list[str]:
        """Which of the kinds of a table are given."""
        return [kind for kind in KINDS if getattr(self, kind) is not None]

    def _check_table(self) -> None:
        """Raise ValueError unless the keys declare one table."""
        given = self.kinds
        if len(given) != 1:
            said = " and ".join(given) if given else "none of them"
            raise ValueError(f"give exactly one of {', '.join(KINDS)}; found {said}")
        if self.vectors is not None and self.vocabulary is None:
            raise ValueError(
                f"`vectors` belong to the values of a vocabulary, and {given[0]} does not know its "
                "values: use `vocabulary`, or drop `vectors`"
            )
        if self.numeric is not None:
            for key in ("oov", "missing", "size", "dim"):
                if getattr(self, key) != TableKeys.model_fields[key].default:
                    raise ValueError(
                        "`numeric` has no rows: its token has the model's width, and a missing "
                        f"value a vector of its own; drop `{key}`"
                    )
        if given[0] not in ("vocabulary", "hash") and self.oov != 1:
            raise ValueError(f"{given[0]} has one out-of-vocabulary row: drop `oov`")
        if self.size is not None:
            if given[0] != "vocabulary":
                raise ValueError(f"{given[0]} already says how many rows there are: drop `size`")
            reserved = 1 + self.oov + (self.missing == "own")
            if self.size <= reserved:
                raise ValueError(
                    f"size must exceed the {reserved} rows of padding, unknown and missing values; "
                    f"found {self.size}"
                )


class Table(TableKeys):
    """One embedding table and the one transform that leads into it.

    Rows: 0 is padding, then `oov` out-of-vocabulary rows, then one row for a missing value if
    `missing: own`, then the values. `identity` puts what it cannot place into row 1; numbers
    (`quantiles`, `boundaries`) are all placed, save missing ones. A `numeric` field's own has no
    row: its transform leads to a number.
    """

    @model_validator(mode="after")
    def _one_kind(self) -> Self:
        self._check_table()
        return self

    @property
    def kind(self) -> str:
        """Which of the kinds of a table this one is."""
        return self.kinds[0]

    @property
    def is_numeric(self) -> bool:
        """Whether raw values are compared as numbers."""
        return self.kind in ("quantiles", "boundaries", "numeric")

    @property
    def is_fitted(self) -> bool:
        """Whether the training impressions say how values are transformed."""
        return self.kind in ("vocabulary", "quantiles", "numeric")

    @property
    def first_value_id(self) -> int:
        """The row of the first value: after padding, out-of-vocabulary rows and `missing: own`."""
        return 1 + self.oov + (self.missing == "own")

    @property
    def missing_id(self) -> int:
        """The row of a missing value when it has one of its own, else the first unknown row."""
        return 1 + self.oov if self.missing == "own" else 1

    def rows(self, vocabulary_size: int | None = None) -> int | None:
        """Number of rows, padding included; None where neither fitted nor declared.

        A number reads none.
        """
        if self.numeric is not None:
            return 0
        if self.vocabulary is not None:
            if vocabulary_size is None:
                return self.size
            return self.first_value_id + vocabulary_size
        count = self.hash or self.identity or self.quantiles or len(self.boundaries or []) + 1
        return self.first_value_id + count
