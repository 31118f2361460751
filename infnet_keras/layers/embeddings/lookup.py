"""What a step reads of the embedding tables, apart from how it is read."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from keras import ops


class Lookup(NamedTuple):
    """Rows of one table weight that a step reads.

    Attributes:
        table: the weight, a Keras variable float [rows, width].
        ids: int32 [batch, positions], rows of it.
    """

    table: Any
    ids: Any


def gather(lookups: Mapping[str, Lookup]) -> dict[str, Any]:
    """The rows of every lookup: float [batch, positions, width], under the lookup's name.

    The plain way from `lookups` to rows. A training step that updates single rows gathers them
    itself, differentiates with respect to them and hands them to the model.
    """
    return {name: ops.take(lookup.table, lookup.ids, axis=0) for name, lookup in lookups.items()}
