"""Has the C library give free memory back to the system."""

import ctypes
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

_M_ARENA_MAX = -8
_INTERVAL = 1.0
_CHANGE = 0.01


def limit_arenas() -> None:
    """Have all threads allocate from one arena; call it before there are threads.

    glibc makes eight arenas for each CPU, and keeps up to 64 MiB of free memory in each but the
    first, whatever it is told.
    """
    _call("mallopt", _M_ARENA_MAX, 1)


def give_back_free_memory(stopped: threading.Event) -> None:
    """Give free memory back to the system until stopped: once a second, if anything has happened.

    glibc keeps what was freed for later unless it is told otherwise.

    Args:
        stopped: ends it.

    Example:
        >>> threading.Thread(target=give_back_free_memory, args=(stopped,), daemon=True).start()
    """
    held = 0
    while not stopped.wait(_INTERVAL):
        if abs(_resident_pages() - held) > _CHANGE * held:
            _call("malloc_trim", 0)
            held = _resident_pages()


def _resident_pages() -> int:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1])
    except OSError:  # not Linux
        return 0


def _call(name: str, *arguments: int) -> None:
    """Call a function that glibc has; another C library may have none of that name."""
    try:
        function: Callable[..., Any] = getattr(ctypes.CDLL(None), name)
    except (AttributeError, OSError, TypeError):
        return
    function(*arguments)
