"""Memory of processes and of this machine, in bytes."""

import os
from contextlib import suppress
from pathlib import Path

_KIB = 1024


def resident(process: int | str = "self") -> int:
    """What a process holds now; 0 where it is gone."""
    return _status(process, "VmRSS")


def peak(process: int | str = "self") -> int:
    """The most that a process held since it began, or since `forget_peak`."""
    return _status(process, "VmHWM")


def forget_peak() -> None:
    """Let this process's peak begin anew, where the system can."""
    with suppress(OSError):  # then the peak is that of all its runs: too large, never too small
        Path("/proc/self/clear_refs").write_text("5")


def available() -> int:
    """What new processes can have without swapping: of the machine, and of this control group."""
    free = _meminfo("MemAvailable")
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            free = min(free, int(Path(limit).read_text()) - int(Path(used).read_text()))
        except (OSError, ValueError):  # no such group, or one without a limit
            continue
    return max(free, 0)


def usable_cores() -> list[int]:
    """The processor cores that this process may run on."""
    return sorted(os.sched_getaffinity(0))


def _status(process: int | str, key: str) -> int:
    try:
        return _line(Path(f"/proc/{process}/status").read_text(), key)
    except OSError:
        return 0


def _meminfo(key: str) -> int:
    return _line(Path("/proc/meminfo").read_text(), key)


def _line(text: str, key: str) -> int:
    found = next((line for line in text.splitlines() if line.startswith(f"{key}:")), None)
    return 0 if found is None else int(found.split()[1]) * _KIB
