"""The names of a behaviour's raw inputs: made here and nowhere taken apart."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class SequenceInputs(NamedTuple):
    """The raw inputs that hold one behaviour of a request.

    Args:
        sequence: the behaviour.
        attributes: raw column of its events -> the input that holds it, a list a row.
        length: the input that says how many leading steps of each row are real.
    """

    sequence: str
    attributes: Mapping[str, str]
    length: str


def sequence_inputs(sequence: str, columns: Iterable[str]) -> SequenceInputs:
    """Name the raw inputs of a behaviour.

    Args:
        sequence: the behaviour.
        columns: the columns that are its attributes.

    Example:
        >>> sequence_inputs("view", ["item"])
        SequenceInputs(sequence='view', attributes={'item': 'view__item'}, length='view__length')
    """
    attributes = {column: f"{sequence}__{column}" for column in columns}
    return SequenceInputs(sequence, attributes, f"{sequence}__length")


def lists_by_length(names: Iterable[str]) -> dict[str, list[str]]:
    """Which inputs are the lists of a behaviour, where names are all that is known of it.

    A served signature says no more: it has an input for the length, and the lists have the names
    that `sequence_inputs` makes.

    Args:
        names: of all inputs.

    Returns:
        Input of a length -> the inputs of its lists, in order; none for one without lists.

    Example:
        >>> lists_by_length(["item", "view__item", "view__tag", "view__length"])
        {'view__length': ['view__item', 'view__tag']}
    """
    names = list(names)
    ending = sequence_inputs("", []).length
    found = {}
    for length in names:
        if length.endswith(ending):
            start = sequence_inputs(length.removesuffix(ending), [""]).attributes[""]
            lists = [name for name in names if name.startswith(start) and name != length]
            if lists:
                found[length] = lists
    return found
