"""What differs between two documents, in words."""

import json
from collections.abc import Iterator, Mapping
from typing import Any


def value_differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Each value that differs, under its dotted key, as a sentence names it.

    Args:
        old: JSON data, what is there.
        new: JSON data, what is given now.
        path: the dotted key of both; empty for the whole documents.

    Example:
        >>> list(value_differences({"model": {"dim": 8}}, {"model": {"dim": 16}}))
        ['model.dim (8 there, 16 here)']
    """
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from value_differences(
                old.get(key), new.get(key), f"{path}.{key}" if path else str(key)
            )
    elif old != new:
        yield f"{path} ({json.dumps(old)} there, {json.dumps(new)} here)"
