"""The names of raw inputs that are made of several: made here, and nowhere else taken apart."""

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


def label_inputs(task: str) -> tuple[str, str]:
    """The columns of an example that hold a task's label, and whether it counts.

    Example:
        >>> label_inputs("click")
        ('label__click', 'weight__click')
    """
    return f"label__{task}", f"weight__{task}"


KEPT = "sample__kept"
"""The column of an example that says whether the spec's `sample` keeps it for training."""


def loss_weight_input(task: str) -> str:
    """The column of an example that holds what it weighs in a task's loss.

    Example:
        >>> loss_weight_input("click")
        'loss_weight__click'
    """
    return f"loss_weight__{task}"


def named_sequences(names: Iterable[str]) -> list[SequenceInputs]:
    """The behaviours of a signature, where names are all that is known of its inputs.

    Args:
        names: of all inputs.

    Returns:
        Every behaviour that has a length and lists, in the order of the lengths.

    Example:
        >>> named_sequences(["item", "view__item", "view__length"])
        [SequenceInputs(sequence='view', attributes={'item': 'view__item'}, length='view__length')]
    """
    names = list(names)
    ending = sequence_inputs("", []).length
    found = []
    for length in names:
        sequence = length.removesuffix(ending)
        start = sequence_inputs(sequence, [""]).attributes[""]
        columns = [n.removeprefix(start) for n in names if n.startswith(start) and n != length]
        if sequence != length and columns:
            found.append(sequence_inputs(sequence, columns))
    return found
