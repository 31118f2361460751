"""Has the C library give free memory back to the system."""

import ctypes
import threading
from collections.abc import Callable
from typing import Any

_M_ARENA_MAX = -8
_INTERVAL = 1.0


def limit_arenas() -> None:
    """Have all threads allocate from one arena; call it before there are threads.

    glibc makes eight arenas for each CPU, and keeps up to 64 MiB of free memory in each but the
    first, whatever it is told.
    """
    _call("mallopt", _M_ARENA_MAX, 1)


def give_back_free_memory(stopped: threading.Event) -> None:
    """Give free memory back to the system once a second, until stopped.

    glibc keeps it for later: after a few bodies of 64 MiB, a server that held 760 MiB before would
    hold 900 MiB for ever. With nothing to give back this takes 0.1 ms.

    Args:
        stopped: ends it.

    Example:
        >>> threading.Thread(target=give_back_free_memory, args=(stopped,), daemon=True).start()
    """
    while not stopped.wait(_INTERVAL):
        _call("malloc_trim", 0)


def _call(name: str, *arguments: int) -> None:
    """Call a function that glibc has; another C library may have none of that name."""
    try:
        function: Callable[..., Any] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return
    function(*arguments)
