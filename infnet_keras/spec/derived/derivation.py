"""What every derived kind says of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, ClassVar

from infnet_keras.spec.base import Block, SpecProblem
from infnet_keras.spec.document import KeyPath
from infnet_keras.spec.nearest import nearest

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec
    from infnet_keras.spec.sources import ColumnType


class Derivation(Block):
    """How a field's value is computed instead of read from a column.

    A kind says here what it reads and what it asks of the spec. How it is computed stands once an
    engine: in `features.numpy.derived` and `features.tensorflow.derived`; or, if it `is_sent`, in
    `data.history.derived_values`.
    """

    values: ClassVar[int | None] = None
    """How many values there are, from 0 on: a table of its own then has a row for each."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the impression itself that it reads; the time aside."""
        return ()

    @property
    def dates(self) -> tuple[str, ...]:
        """Those of `columns` that are read as dates."""
        return ()

    @property
    def reads_time(self) -> bool:
        """Whether it reads the time of the impression."""
        return False

    @property
    def sequences(self) -> tuple[str, ...]:
        """The behaviours whose events it reads."""
        return ()

    @property
    def shared_by(self) -> str | None:
        """The column whose value events of all users share that it counts."""
        return None

    @property
    def is_sent(self) -> bool:
        """Whether a request holds the number itself, under the field's name.

        So it is where a request does not hold what the number is computed from: a feature server
        keeps it, which knows the whole history.
        """
        return False

    def describe(self) -> str:
        """What it is, in a few words."""
        raise NotImplementedError

    def check(self, spec: FeatureSpec, field: str, path: KeyPath) -> None:
        """Raise SpecProblem where the rest of the spec contradicts it.

        Args:
            spec: the spec.
            field: the field's name.
            path: to this block.
        """
        raise NotImplementedError

    def type_problem(self, types: Mapping[str, ColumnType]) -> str | None:
        """Say why it cannot read a column of the type it has; None where nothing is wrong.

        Args:
            types: of the columns, those that are known.
        """
        for column in self.dates:
            if types.get(column) == "float32":
                return (
                    f"column {column!r} is float32: a date is a string or an integer; declare "
                    f"types: {{{column}: string}}"
                )
        return None


def check_clock(spec: FeatureSpec, path: KeyPath) -> None:
    """Raise SpecProblem unless the log has times."""
    if spec.time.column is None:
        raise SpecProblem(path, "this needs a time column; the log has only its row order")


def check_sequence(spec: FeatureSpec, path: KeyPath, sequence: str) -> None:
    """Raise SpecProblem unless there is such a behaviour."""
    if sequence not in spec.sequences:
        raise SpecProblem(
            path, f"there is no sequence {sequence!r}; {nearest(sequence, spec.sequences)}"
        )
