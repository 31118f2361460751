"""A table of the spec with what was fitted for it: what each of its rows stands for."""

from collections.abc import Sequence
from typing import NamedTuple

from infnet_keras.features.assets import Assets
from infnet_keras.spec import FeatureSpec
from infnet_keras.spec.tables import Table


class FittedTable(NamedTuple):
    """What the rows of a table stand for.

    Attributes:
        table: its kind, and how many rows come before those of values.
        vocabulary: the values in row order; None where the table has no vocabulary.
        boundaries: between its buckets, ascending; None where it has no buckets of numbers.
    """

    table: Table
    vocabulary: Sequence[str] | None = None
    boundaries: Sequence[float] | None = None

    @property
    def rows(self) -> int:
        """Number of rows, padding included."""
        rows = self.table.rows(len(self.vocabulary or ()))
        assert rows is not None  # its vocabulary is there
        return rows


def fitted_tables(spec: FeatureSpec, assets: Assets) -> dict[str, FittedTable]:
    """Every table of a spec with what was fitted for it, by name."""
    return {
        name: FittedTable(
            table,
            assets.vocabularies.get(name),
            assets.boundaries.get(name) if table.boundaries is None else table.boundaries,
        )
        for name, table in spec.embedding_tables.items()
    }
