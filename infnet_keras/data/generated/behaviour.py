"""Which of a user's events a generated conflict reads: some that every model of the spec sees."""

from typing import NamedTuple

from infnet_keras.errors import DataError
from infnet_keras.spec import Condition, FeatureSpec

_MOST_RECENT = 10


class RecentEvents(NamedTuple):
    """Some events of a user.

    Attributes:
        sequence: of the spec, which shows them to a model.
        signal: those for which this signal holds; None for every event.
        length: the latest so many.
    """

    sequence: str
    signal: int | None
    length: int


def recent_events(spec: FeatureSpec, signals: list[str]) -> RecentEvents:
    """The behaviour of the spec that the conflict reads.

    Of the sequences that a model sees up to the impression: the first without `when`, else the one
    that asks for the most frequent signal alone.

    Args:
        spec: with the sequences.
        signals: names of the log's binary columns, the most frequent first.

    Raises:
        DataError: there is no such sequence.
    """
    masked = {task.label_text for task in spec.tasks.values() if task.mask is not None}
    found: dict[int | None, RecentEvents] = {}
    for name, sequence in spec.sequences.items():
        if not sequence.length or not sequence.attributes or sequence.until != "now":
            continue
        signal = None
        if sequence.when is not None:
            kind, column, *comparison = Condition.parse(sequence.when).tree
            if kind != "compare" or comparison != ["==", 1] or column not in signals:
                continue
            if column in masked:
                continue
            signal = signals.index(column)
        recent = RecentEvents(name, signal, min(sequence.length, _MOST_RECENT))
        found.setdefault(signal, recent)
    if not found:
        raise DataError(
            f"spec {spec.name!r} has no sequence whose events tasks could disagree about; add one "
            "with attributes that takes every event, or those with one label (when: LABEL == 1) "
            "whose task has no mask"
        )
    return found[min(found, key=lambda signal: -1 if signal is None else signal)]
