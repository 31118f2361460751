"""How rows of a table move, given their gradients."""

from typing import Any, Protocol


class RowRule(Protocol):
    """A rule that moves rows by what each row and its slots alone say.

    A rule keeps slots, arrays of numbers beside each row. It is a pure function: it says what
    changes, and something else writes it.
    """

    def slots(self, width: int) -> dict[str, int]:
        """Name -> numbers that the slot holds for each row of a table `width` wide; all begin at 0.

        Args:
            width: numbers in a row.
        """
        ...

    def changes(
        self, slots: dict[str, Any], gradients: Any, rate: Any, step: Any
    ) -> tuple[Any, dict[str, Any]]:
        """What to add to rows, and what their slots hold then.

        Args:
            slots: name -> float [n, numbers], the slots of n different rows.
            gradients: float [n, width], each row's gradient, over all its places in the batch.
            rate: the learning rate, a scalar.
            step: which step this is, the first being 1.

        Returns:
            What to add to the rows, float [n, width], and the new slots, as they came.
        """
        ...
