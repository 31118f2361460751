"""Checks of sequences whose history stands ready made in a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infnet_keras.spec.base import SpecProblem

if TYPE_CHECKING:
    from infnet_keras.spec.feature_spec import FeatureSpec


def check_ready_made(spec: FeatureSpec) -> None:
    """Raise SpecProblem where a ready-made history says what it cannot be, or is counted."""
    ready = {name: s for name, s in spec.sequences.items() if s.column is not None}
    for name, sequence in ready.items():
        path = ("sequences", name)
        known_after = {*spec.outcomes, *spec.label_columns}
        taken: dict[str | None, str] = {
            spec.keys.user: "the user's key",
            spec.keys.item: "the item's key",
        }
        taken |= dict.fromkeys(known_after, "known only after the impression")
        if sequence.source is not None:
            raise SpecProblem(
                (*path, "source"), "a ready-made history stands in the log itself: drop `source`"
            )
        for key, column in (("column", sequence.column), ("times", sequence.times_column)):
            if column in taken:
                raise SpecProblem(
                    (*path, key), f"{column!r} is {taken[column]}: it cannot hold a history"
                )
        if sequence.times is not None and spec.time.column is None:
            raise SpecProblem(
                (*path, "times"), "this needs a time column; the log has only its row order"
            )
        if spec.keys.item not in sequence.attributes and len(sequence.attributes) > 1:
            raise SpecProblem(
                (*path, "attributes"),
                f"several attributes of a ready-made history are looked up by its items: add "
                f"{spec.keys.item!r}, the item's key, or keep one attribute",
            )
        if sequence.column in sequence.attributes:
            raise SpecProblem(
                (*path, "attributes", str(sequence.column)),
                "an attribute is named by the column whose values the elements of the cell are, "
                f"such as {spec.keys.item!r}",
            )
        element = spec.history_element(name)
        if spec.sequence_feature(name, element).multivalue is not None:
            raise SpecProblem(
                (*path, "attributes", element),
                f"an element of a ready-made history has one value, and {element!r} is split; the "
                "cell itself is split at the `separator` of the sequence",
            )
    for name, field in spec.fields.items():
        # What a request sends is counted over the whole history; the rest reads what the cell says.
        counted = field.derivation.sequences if field.derivation is not None else ()
        for sequence_name in counted if field.is_sent else ():
            if sequence_name in ready:
                raise SpecProblem(
                    ("fields", name, "derive"),
                    f"the history of {sequence_name!r} stands in a cell: it may have been cut, and "
                    "its events are not in the log; count with `same` what it shares with the item",
                )
