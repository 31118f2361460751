"""The closest valid name to one that is not."""

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, valid: Iterable[str]) -> str:
    """A clause that offers the closest valid name, or lists the valid ones.

    Example:
        >>> nearest("is_clik", ["is_click", "is_like"])
        "did you mean 'is_click'?"
    """
    names = [str(known) for known in valid]
    close = get_close_matches(str(name), names, n=1)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"valid: {', '.join(names)}" if names else "none is declared"
