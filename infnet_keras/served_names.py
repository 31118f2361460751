"""The names under which raw inputs are served: any name, as one that a signature can hold."""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from hashlib import sha256
from itertools import product
from keyword import iskeyword

CANDIDATE_COUNT = "candidate_count"
"""The input of the signature `rank` that says how many candidates count."""

LOGGED = "logged"
"""The signature that takes the log's values of what serving fixes; no request needs it."""

_SEPARATOR = "__"  # between a behaviour and its column: `view__item`
_DIGITS = 6  # of a name's fingerprint, where they tell it from all others
_FIRST, _LATER = re.compile("[A-Za-z][A-Za-z0-9_]*"), re.compile("[A-Za-z0-9_]*")
_RESERVED = (CANDIDATE_COUNT, "self")  # the latter TensorFlow's own argument


def served_names(names: Iterable[str]) -> dict[str, str]:
    """A name that TensorFlow takes for each of some names.

    A signature takes ASCII letters, digits and underscores after a first letter, save Python's
    keywords and `self`. Such a name stays as it is. Each part between double underscores is mapped
    by itself, so that the inputs of a behaviour still begin alike: other characters become an
    underscore, and a part that lost letters, or that another one would equal, ends with a
    fingerprint of what it was.

    Args:
        names: all of one spec, in any order.

    Returns:
        Each name -> its served name; no two are equal.

    Example:
        >>> served_names(["user_id:token", "price (usd)", "_id"])
        {'user_id:token': 'user_id_token', 'price (usd)': 'price_usd', '_id': 'x_id'}
        >>> served_names(["点击__item"])
        {'点击__item': 'x_dc7148__item'}
    """
    split = {name: name.split(_SEPARATOR) for name in names}
    first = _served_parts({parts[0] for parts in split.values()}, _first_spellings)
    later = _served_parts({p for parts in split.values() for p in parts[1:]}, _later_spellings)
    return {
        name: _SEPARATOR.join([first[parts[0]], *(later[part] for part in parts[1:])])
        for name, parts in split.items()
    }


def find_served(name: str, served: Collection[str]) -> str | None:
    """The served name of a name, where no more than the served ones are known.

    Args:
        name: as a spec has it, or served.
        served: the inputs of a signature.

    Returns:
        One of them; None where none of them is this name's.

    Example:
        >>> find_served("user_id:token", ["user_id_token", "item"])
        'user_id_token'
    """
    if name in served:
        return name
    first, *later = name.split(_SEPARATOR)
    # The most telling spelling first: another name may have the plain one.
    spellings = [_first_spellings(first)[::-1], *(_later_spellings(p)[::-1] for p in later)]
    joined = (_SEPARATOR.join(parts) for parts in product(*spellings))
    return next((spelling for spelling in joined if spelling in served), None)


def _served_parts(parts: Collection[str], spellings: Callable[[str], list[str]]) -> dict[str, str]:
    """Each part with the plainest of its spellings that no other part may be spelt like."""
    of = {part: spellings(part) for part in parts}
    uses = Counter(spelling for found in of.values() for spelling in found)
    return {part: next(s for s in found if uses[s] == 1 or s == part) for part, found in of.items()}


def _first_spellings(part: str) -> list[str]:
    """How the first part of a name may be served, the plainest spelling first."""
    if _FIRST.fullmatch(part) and part not in _RESERVED and not iskeyword(part):
        return [part]
    plain = _plain(part)
    if part[:1].isdigit() or part[:1] == "_" or not plain[:1].isalpha():
        plain = f"x_{plain}".rstrip("_")
    return _spellings(part, plain)


def _later_spellings(part: str) -> list[str]:
    """As `_first_spellings`, for the parts after it."""
    if _LATER.fullmatch(part):
        return [part]
    return _spellings(part, _plain(part) or "x")


def _plain(part: str) -> str:
    """With one underscore for all other characters in a row, and none at its ends."""
    return re.sub(r"[\W_]+", "_", part, flags=re.ASCII).strip("_")


def _spellings(part: str, plain: str) -> list[str]:
    fingerprint = sha256(part.encode("utf-8", "surrogatepass")).hexdigest()
    told_apart = [f"{plain}_{fingerprint[:_DIGITS]}", f"{plain}_{fingerprint}"]
    lost = any(c.isalnum() and not c.isascii() for c in part)
    is_legal = plain not in _RESERVED and not iskeyword(plain) and _plain(part) != ""
    return [plain, *told_apart] if is_legal and not lost else told_apart
