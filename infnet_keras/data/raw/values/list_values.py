"""Cells that hold several values, as one text whose parts a separator joins."""

import re

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# A bracketed list without lists in it: quoted texts, or anything up to the next comma.
_ELEMENT = r"""\s*(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[^\[\]'",]*)\s*"""
_LIST = rf"(?s)^\s*\[(?:{_ELEMENT},)*{_ELEMENT}\]\s*$"
_PARTS = re.compile(rf"(?s){_ELEMENT}")
_NUMBERS = re.compile(r"\s*[-+.\deE]+(?:\s+[-+.\deE]+)+\s*")
_MISSING = {"", "None", "null", "nan", "NaN"}


class HeldSeparatorError(Exception):
    """An element of a list holds what would separate it from the next one."""


def is_list(arrow_type: pa.DataType) -> bool:
    """Whether a column holds lists, of a fixed size or not."""
    return any(
        test(arrow_type)
        for test in (
            pa.types.is_list,
            pa.types.is_large_list,
            pa.types.is_fixed_size_list,
            pa.types.is_list_view,
            pa.types.is_large_list_view,
        )
    )


def joined(values: pa.Array, elements: pa.Array, separator: str) -> pa.Array:
    """Lists as text; a null in a list leaves the others as they are.

    Args:
        values: lists.
        elements: the text of each of their elements, as `list_flatten` orders them.
        separator: what stands between two of them.

    Returns:
        string of the length of `values`; null where the list is, empty where it has no element.

    Raises:
        HeldSeparatorError: a text holds the separator; its value is the argument.
    """
    held = elements.filter(pc.match_substring(elements, separator))
    if len(held):
        raise HeldSeparatorError(held[0].as_py())
    rows = pc.list_parent_indices(values).to_numpy().astype(np.int64)
    present = elements.is_valid().to_numpy(zero_copy_only=False)
    counts = np.bincount(rows[present], minlength=len(values))
    offsets = np.concatenate([[0], np.cumsum(counts)])
    lists = pa.LargeListArray.from_arrays(pa.array(offsets), elements.drop_null())
    texts = pc.binary_join(lists, separator).cast(pa.string())
    return pc.if_else(values.is_valid(), texts, pa.scalar(None, pa.string()))


def unbracketed(text: pa.Array, separator: str) -> pa.Array:
    """Texts such as `[1, 2]` and `['a','b']` as their elements, joined; others as they are.

    Raises:
        HeldSeparatorError: an element holds the separator; it is the argument.

    Example:
        >>> unbracketed(pa.array(["[8]", "[27, 9]", "['a', None]", "x|y"]), "|").to_pylist()
        ['8', '27|9', 'a', 'x|y']
    """
    if not pc.any(pc.match_substring_regex(text, r"^\s*\[")).as_py():
        return text
    encoded = text.dictionary_encode()
    lists = bracketed(encoded.dictionary).to_pylist()
    spelt = [
        _checked(elements_of(value), separator) if is_bracketed else value
        for value, is_bracketed in zip(encoded.dictionary.to_pylist(), lists, strict=True)
    ]
    return pa.array(spelt, pa.string()).take(encoded.indices)


def bracketed(text: pa.Array) -> pa.Array:
    """Which texts are lists such as `[1, 2]`, bool."""
    return pc.match_substring_regex(text, _LIST)


def elements_of(text: str) -> list[str | None]:
    """The elements of a bracketed list; a missing one is None.

    Example:
        >>> elements_of("['a', None, 3]"), elements_of("[]"), elements_of("[1 2]")
        (['a', None, '3'], [], ['1', '2'])
    """
    inner = text.strip()[1:-1]
    if _NUMBERS.fullmatch(inner):  # as NumPy prints an array
        return list(inner.split())
    elements: list[str | None] = []
    if not inner.strip():
        return elements
    at = 0
    while at <= len(inner):
        found = _PARTS.match(inner, at)
        assert found is not None
        element = found.group().strip()
        if element[:1] in ("'", '"'):
            elements.append(re.sub(r"(?s)\\(.)", r"\1", element[1:-1]))
        else:
            elements.append(None if element in _MISSING else element)
        at = found.end() + 1
    return elements


def _checked(elements: list[str | None], separator: str) -> str:
    present = [element for element in elements if element is not None]
    for element in present:
        if separator in element:
            raise HeldSeparatorError(element)
    return separator.join(present)
