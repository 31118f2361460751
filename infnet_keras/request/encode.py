"""Raw features, by row or by column, as the arrays that a signature takes."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from infnet_keras.errors import DataError
from infnet_keras.input_names import named_sequences
from infnet_keras.request.signature import Signature
from infnet_keras.request.tensor_spec import TensorSpec
from infnet_keras.request.to_array import Array, to_array
from infnet_keras.served_names import CANDIDATE_COUNT, find_served


def encode(features: Any, signature: Signature) -> dict[str, Array]:
    """Features as arrays; see `to_array` for the values.

    Of a behaviour `view` whose lists are the inputs `view__<column>`, the input `view__length` says
    how many leading steps of each row are real. Where it is left out or None it is the length of
    the row's own list, the shortest if they differ; it never exceeds that.

    An input that is served under another name than the own name of its column goes by either; see
    `served_names`.

    Args:
        features: a list of rows, each a dict of input name -> value; or the columns, a dict of
            input name -> list or array with one element a row. Where the signature has a single
            input, its name may be left out.
        signature: what the request asks for.

    Returns:
        Input name -> array, every input of the signature.

    Raises:
        DataError: the message names the input, the closest valid name and
            what the signature takes.

    Example:
        >>> from infnet_keras.request.tensor_spec import TensorSpec
        >>> signature = Signature("f", {"x": TensorSpec("float32", (None,))}, {})
        >>> encode([{"x": 1}, {"x": None}], signature)
        {'x': array([ 1., nan], dtype=float32)}
    """
    return _encode(features, signature, _said(features, signature))


def _encode(features: Any, signature: Signature, said: Mapping[str, str]) -> dict[str, Array]:
    """See `encode`; `said` is what errors call an input that goes by another name."""
    lengths = _lengths(signature)
    if _is_named(features):
        columns = _served(features, signature, signature.inputs, "the request")
        _check_complete(columns, signature, lengths, "the request")
    elif isinstance(features, list | tuple):
        columns = _columns(features, signature, lengths)
    else:
        columns = {_only_input(signature, "the request"): features}
    arrays = {
        name: to_array(said.get(name, name), columns[name], signature.inputs[name])
        for name in signature.inputs
        if name not in lengths
    }
    for name, lists in lengths.items():
        own = {said.get(other, other): _own_lengths(columns[other]) for other in lists}
        arrays[name] = _counted(
            said.get(name, name), columns.get(name), own, signature.inputs[name]
        )
    return {name: arrays[name] for name in signature.inputs}


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
        DataError: as `encode`, or a name is given on both sides.
    """
    said = _said(user, signature) | _said(list(candidates), signature)
    # How many candidates there are is counted: a name that could be that is a column's.
    names = [name for name in signature.inputs if name != CANDIDATE_COUNT]
    if CANDIDATE_COUNT in user and find_served(CANDIDATE_COUNT, names) is None:
        raise DataError(f"{CANDIDATE_COUNT!r} is given for the user, but comes from the candidates")
    user = _served(user, signature, names, "the user")
    candidates = [
        _served(candidate, signature, names, f"candidate {number}")
        for number, candidate in enumerate(candidates)
    ]
    items: dict[str, list[Any]] = {name: [] for candidate in candidates for name in candidate}
    both = [name for name in user if name in items]
    if both:
        raise DataError(f"{both[0]!r} is given for the user, but comes from the candidates")
    for number, candidate in enumerate(candidates):
        for name, values in items.items():
            if name not in candidate:
                raise DataError(f"candidate {number} lacks {name!r}; {signature.takes}")
            values.append(candidate.get(name))
    return _encode([{**user, **items, CANDIDATE_COUNT: len(candidates)}], signature, said)


def _columns(
    rows: Sequence[Any], signature: Signature, lengths: Mapping[str, Any]
) -> dict[str, list[Any]]:
    if not rows:
        raise DataError(f"there are no rows; {signature.takes}")
    named = []
    for number, row in enumerate(rows):
        where = f"row {number}"
        values = row if _is_named(row) else {_only_input(signature, where): row}
        served = _served(values, signature, signature.inputs, where)
        _check_complete(served, signature, lengths, where)
        named.append(served)
    return {name: [row.get(name) for row in named] for name in signature.inputs}


def _is_named(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) != {"b64"}


def _only_input(signature: Signature, where: str) -> str:
    if len(signature.inputs) != 1:
        raise DataError(f"{where} is no object of named values; {signature.takes}")
    return next(iter(signature.inputs))


def _served(
    given: Mapping[str, Any], signature: Signature, names: Collection[str], where: str
) -> dict[str, Any]:
    """Values under the names of the signature, given under those or under the spec's own."""
    spelt: dict[str, str] = {}
    for name in given:
        served = find_served(name, names)
        if served is None:
            raise DataError(f"{where} has {signature.not_an_input(name)}")
        if served in spelt:
            raise DataError(
                f"{where} has {spelt[served]!r} and {name!r}, which are two names of one input: "
                "give it once"
            )
        spelt[served] = name
    return {served: given[name] for served, name in spelt.items()}


def _said(features: Any, signature: Signature) -> dict[str, str]:
    """What the request calls the inputs, for errors: its first row may use the spec's own names."""
    if isinstance(features, list | tuple) and features:
        features = features[0]
    names = features if _is_named(features) else ()
    return {str(find_served(name, signature.inputs)): name for name in names}


def _check_complete(
    given: Mapping[str, Any], signature: Signature, lengths: Mapping[str, Any], where: str
) -> None:
    lacking = [name for name in signature.inputs if name not in given and name not in lengths]
    if lacking:
        raise DataError(f"{where} lacks {', '.join(map(repr, lacking))}; {signature.takes}")


def _lengths(signature: Signature) -> dict[str, list[str]]:
    """The inputs that say how long a behaviour's lists are, and the lists of each."""
    rank = {name: spec.rank for name, spec in signature.inputs.items()}
    lists = {
        inputs.length: [name for name in inputs.attributes.values() if rank[name] == 2]
        for inputs in named_sequences(signature.inputs)
        if rank[inputs.length] == 1
    }
    return {length: names for length, names in lists.items() if names}


def _counted(name: str, given: Any, own: Mapping[str, list[int]], spec: TensorSpec) -> Array:
    """A behaviour's lengths, those that were left out counted on its lists.

    Args:
        name: the input that holds them.
        given: what the request says, None where it says nothing.
        own: of each list input, how many elements the list of each row has.
        spec: what the signature declares.
    """
    if isinstance(given, np.ndarray):
        given = given.tolist()
    check_rows({other: len(counts) for other, counts in own.items()})
    shortest = [min(counts) for counts in zip(*own.values(), strict=True)]
    if isinstance(given, list | tuple) and len(given) == len(shortest):
        filled = [s if g is None else g for s, g in zip(shortest, given, strict=True)]
    else:
        filled = shortest if given is None else given
    lengths = to_array(name, filled, spec)
    check_rows({name: len(lengths), **{other: len(counts) for other, counts in own.items()}})
    for row, (length, most) in enumerate(zip(lengths.tolist(), shortest, strict=True)):
        if not 0 <= length <= most:
            other = next(other for other, counts in own.items() if counts[row] == most)
            raise DataError(
                f"{name} is {length} in row {row}, but the list of {other} has {most} elements "
                "there: a length counts leading elements of the lists; leave it out to count all"
            )
    return lengths


def check_rows(rows: Mapping[str, int]) -> None:
    """Raise DataError unless all columns have as many rows."""
    if len(set(rows.values())) > 1:
        raise DataError(f"the inputs differ in their number of rows: {dict(rows)}")


def _own_lengths(column: Any) -> list[int]:
    """How many elements the list of each row has: none if it is None, one if it is a value."""
    return [
        0 if values is None else len(values) if isinstance(values, list | tuple | np.ndarray) else 1
        for values in column
    ]
