"""Batches whose histories are padded bucket by bucket."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from keras import ops


def is_bucketed(value: Any) -> bool:
    """Whether a value holds one tensor a bucket; torch's loader makes a list of a tuple."""
    return isinstance(value, tuple | list)


def by_bucket(function: Callable[..., Any], *parts: Sequence[Any]) -> Any:
    """function(*part) of every bucket, the rows of one bucket after those of another.

    Args:
        function: of what `parts` has for one bucket; gives a tensor [rows, ...].
        *parts: lists with something for each bucket.

    Returns:
        float [all rows, ...].

    Example:
        >>> by_bucket(lambda steps: steps.sum(axis=1), [np.ones((2, 1)), np.ones((1, 3))]).shape
        (3,)
    """
    found = [function(*part) for part in zip(*parts, strict=True)]
    return found[0] if len(found) == 1 else ops.concatenate(found, axis=0)


def parts_of(inputs: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The inputs of a batch in parts whose inputs have one number of rows each.

    Args:
        inputs: tensors by name, some of which may be tuples with one for each bucket.

    Returns:
        What is in no bucket, then what is in each; one part where nothing is in buckets.

    Example:
        >>> views = (np.array([[3]]), np.array([[4, 5]]))
        >>> [list(part) for part in parts_of({"user": np.array([7, 8]), "views": views})]
        [['user'], ['views'], ['views']]
    """
    whole = {name: values for name, values in inputs.items() if not is_bucketed(values)}
    bucketed = {name: values for name, values in inputs.items() if is_bucketed(values)}
    buckets = zip(*bucketed.values(), strict=True)
    return [whole, *(dict(zip(bucketed, values, strict=True)) for values in buckets)]
