"""Raw features, by row or by column, as the arrays that a signature takes."""

from collections.abc import Collection, Mapping, Sequence, Sized
from typing import Any

from serving.client.serving_error import ServingError
from serving.client.signature import Signature
from serving.client.to_array import Array, to_array
from serving.status import Code

CANDIDATE_COUNT = "candidate_count"
_LENGTH = "__length"


def encode(features: Any, signature: Signature) -> dict[str, Array]:
    """Features as arrays; see `to_array` for the values.

    Of a behaviour `view` whose lists are the inputs `view__<column>`, the input `view__length` says
    how many leading steps of each row are real. Where it is left out or None it is the length of
    the row's own list, the shortest if they differ.

    Args:
        features: a list of rows, each a dict of input name -> value; or the columns, a dict of
            input name -> list or array with one element a row. Where the signature has a single
            input, its name may be left out.
        signature: what the request asks for.

    Returns:
        Input name -> array, every input of the signature.

    Raises:
        ServingError: INVALID_ARGUMENT; the message names the input, the closest valid name and
            what the signature takes.

    Example:
        >>> signature = Signature("f", {"x": TensorSpec("float32", (None,))}, {})
        >>> encode([{"x": 1}, {"x": None}], signature)
        {'x': array([ 1., nan], dtype=float32)}
    """
    lengths = _lengths(signature)
    if _is_named(features):
        _check_names(features, signature, lengths, "the request")
        columns = dict(features)
    elif isinstance(features, list | tuple):
        columns = _columns(features, signature, lengths)
    else:
        columns = {_only_input(signature, "the request"): features}
    arrays = {
        name: to_array(name, columns[name], signature.inputs[name])
        for name in signature.inputs
        if name not in lengths
    }
    for name, lists in lengths.items():
        counted = _counted(columns.get(name), {other: columns[other] for other in lists})
        arrays[name] = to_array(name, counted, signature.inputs[name])
    return arrays


def encode_ranking(
    user: Mapping[str, Any], candidates: Sequence[Mapping[str, Any]], signature: Signature
) -> dict[str, Array]:
    """One user with many candidates as the arrays of this project's signature `rank`.

    Args:
        user: input name -> value of the user, the context and the histories.
        candidates: for each candidate input name -> value of the item.
        signature: of the exported model.

    Returns:
        Input name -> array, the one request leading.

    Raises:
        ServingError: INVALID_ARGUMENT; as `encode`, or a name is given on both sides.
    """
    items: dict[str, list[Any]] = {name: [] for candidate in candidates for name in candidate}
    both = [name for name in user if name in items or name == CANDIDATE_COUNT]
    if both:
        raise _refusal(f"{both[0]!r} is given for the user, but comes from the candidates")
    for number, candidate in enumerate(candidates):
        for name, values in items.items():
            if name not in candidate and name in signature.inputs:
                raise _refusal(f"candidate {number} lacks {name!r}; {signature.takes}")
            values.append(candidate.get(name))
    return encode([{**user, **items, CANDIDATE_COUNT: len(candidates)}], signature)


def _columns(
    rows: Sequence[Any], signature: Signature, lengths: Mapping[str, Any]
) -> dict[str, list[Any]]:
    if not rows:
        raise _refusal(f"there are no rows; {signature.takes}")
    named = []
    for number, row in enumerate(rows):
        where = f"row {number}"
        values = row if _is_named(row) else {_only_input(signature, where): row}
        _check_names(values, signature, lengths, where)
        named.append(values)
    return {name: [row.get(name) for row in named] for name in signature.inputs}


def _is_named(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) != {"b64"}


def _only_input(signature: Signature, where: str) -> str:
    if len(signature.inputs) != 1:
        raise _refusal(f"{where} is no dict of named values; {signature.takes}")
    return next(iter(signature.inputs))


def _check_names(
    given: Mapping[str, Any], signature: Signature, lengths: Mapping[str, Any], where: str
) -> None:
    for name in given:
        if name not in signature.inputs:
            raise _refusal(f"{where} has {signature.not_an_input(name)}")
    lacking = [name for name in signature.inputs if name not in given and name not in lengths]
    if lacking:
        raise _refusal(f"{where} lacks {', '.join(map(repr, lacking))}; {signature.takes}")


def _lengths(signature: Signature) -> dict[str, list[str]]:
    """The inputs that say how long a behaviour's lists are, and the lists of each."""
    lists: dict[str, list[str]] = {}
    for name, spec in signature.inputs.items():
        length = f"{name.partition('__')[0]}{_LENGTH}"
        if spec.rank == 2 and length in signature.inputs and signature.inputs[length].rank == 1:
            lists.setdefault(length, []).append(name)
    return lists


def _counted(lengths: Any, lists: Mapping[str, Any]) -> Any:
    """A behaviour's lengths, those that were left out counted on its lists."""
    if lengths is not None and (
        not isinstance(lengths, Collection)  # which is refused when it becomes an array
        or all(length is not None for length in lengths)
    ):
        return lengths
    rows = {name: len(column) for name, column in lists.items()}
    given = [None] * min(rows.values()) if lengths is None else lengths
    if set(rows.values()) != {len(given)}:
        raise _refusal(f"the columns of one behaviour differ in their number of rows: {rows}")
    own = zip(*(map(_count, column) for column in lists.values()), strict=True)
    return [min(c) if length is None else length for length, c in zip(given, own, strict=True)]


def _count(values: Any) -> int:
    if values is None:
        return 0
    return len(values) if isinstance(values, Sized) and not isinstance(values, str | bytes) else 1


def _refusal(message: str) -> ServingError:
    return ServingError(Code.INVALID_ARGUMENT, message)
