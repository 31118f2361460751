"""Embedding tables: how a raw value becomes a row."""

from typing import Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from infnet_keras.spec.base import Block

KINDS = ("vocabulary", "hash", "identity", "quantiles", "boundaries")
PADDING_ID = 0


class Vocabulary(Block):
    """Values that get rows of their own, fitted on the training part."""

    min_count: PositiveInt = 1
    max_size: PositiveInt | None = None


class Table(Block):
    """One embedding table and the one transform that leads into it.

    Rows: 0 is padding, then `oov` out-of-vocabulary rows, then one row for a missing value if
    `missing: own`, then the values. Numbers (`quantiles`, `boundaries`) and `identity` put what
    they cannot place, a missing value first of all, into row 1.
    """

    vocabulary: Vocabulary | None = None
    hash: PositiveInt | None = None
    identity: PositiveInt | None = None
    quantiles: int | None = Field(default=None, ge=2)
    boundaries: list[float] | None = Field(default=None, min_length=1)
    oov: PositiveInt = 1
    missing: Literal["oov", "own"] = "oov"
    size: PositiveInt | None = None
    dim: PositiveInt | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> "Table":
        given = [kind for kind in KINDS if getattr(self, kind) is not None]
        if len(given) != 1:
            said = " and ".join(given) if given else "none"
            raise ValueError(f"give exactly one of {', '.join(KINDS)}; found {said}")
        if given[0] not in ("vocabulary", "hash") and (self.oov != 1 or self.missing == "own"):
            raise ValueError(
                f"{given[0]} has one out-of-vocabulary row, which also holds missing values: "
                "drop `oov` and `missing`"
            )
        return self

    @field_validator("boundaries")
    @classmethod
    def _increasing(cls, values: list[float] | None) -> list[float] | None:
        if values is not None and any(a >= b for a, b in zip(values, values[1:], strict=False)):
            raise ValueError("boundaries must increase strictly")
        return values

    @property
    def kind(self) -> str:
        """Which of vocabulary, hash, identity, quantiles and boundaries this table uses."""
        return next(kind for kind in KINDS if getattr(self, kind) is not None)

    @property
    def is_numeric(self) -> bool:
        """Whether raw values are compared as numbers."""
        return self.kind in ("quantiles", "boundaries")

    @property
    def first_value_id(self) -> int:
        """The row of the first value: after padding, out-of-vocabulary rows and `missing: own`."""
        return 1 + self.oov + (self.missing == "own")

    @property
    def missing_id(self) -> int:
        """The row of a missing value when it has one of its own, else the first unknown row."""
        return 1 + self.oov if self.missing == "own" else 1

    def rows(self, vocabulary_size: int | None = None) -> int | None:
        """Number of rows, padding included; None where neither fitted nor declared."""
        if self.vocabulary is not None:
            if vocabulary_size is None:
                return self.size
            return self.first_value_id + vocabulary_size
        count = self.hash or self.identity or self.quantiles or len(self.boundaries or []) + 1
        return self.first_value_id + count
