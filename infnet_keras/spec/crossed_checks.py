"""Checks of fields that count what the user's history shares with the candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem
from infnet_keras.spec.document import KeyPath
from infnet_keras.spec.fields import HistoryCount, HistoryRate
from infnet_keras.spec.nearest import nearest

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def check_crossed(spec: FeatureSpec, path: KeyPath, block: HistoryCount | HistoryRate) -> None:
    """Raise SpecProblem where a count with `same` says what such a count cannot be.

    That sides and separators agree is checked with all other columns.

    Args:
        spec: the spec, whose sequences are known to exist.
        path: to the block.
        block: with `same`.
    """
    if block.by is not None:
        raise SpecProblem(
            (*path, "by"),
            "`same` counts within the user's own history, `by` in everybody's: drop one of them",
        )
    if block.until != "now":
        raise SpecProblem(
            (*path, "until"),
            "with `same` a count ends where the history of its sequence does: drop `until`, or "
            "give it to the sequence",
        )
    if block.same == spec.keys.user:
        raise SpecProblem(
            (*path, "same"), "every event of a history has the same user: this count says nothing"
        )
    for sequence in dict.fromkeys((block.sequence, getattr(block, "of", block.sequence))):
        attributes = spec.sequences[sequence].attributes
        if block.same not in attributes:
            raise SpecProblem(
                (*path, "same"),
                f"sequence {sequence!r} has no attribute {block.same!r}; "
                f"{nearest(str(block.same), attributes)}",
            )
