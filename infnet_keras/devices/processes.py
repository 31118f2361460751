"""A training on torch: one process a device, all of which run the same function."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import parent_process
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Thread
from typing import Any

from infnet_keras.devices.share import Share, set_share
from infnet_keras.errors import InfnetError, ModelError

_POLL = 0.2  # seconds
# The parent sees a process end and stops the others, which so need no clock of their own: writing a
# large model or measuring it may take its time.
_PATIENCE = timedelta(days=7)


def run_in_processes(
    devices: int, function: Callable[..., None], *arguments: Any, say: Callable[[str], None]
) -> None:
    """Run a function in several processes of this machine, which train together on torch.

    Each has its `share`, its GPU where there are GPUs, and is joined to the others by NCCL, or by
    Gloo on the processor. When one of them ends with an error, the others are stopped.

    Args:
        devices: how many processes.
        function: of a module, so that a new process can import it. Its first argument writes a
            line where the caller's `say` does.
        *arguments: its other arguments, as `pickle` carries them.
        say: takes the lines that the processes write.

    Raises:
        InfnetError: what one of them raised as such.
        ModelError: one of them was killed.
    """
    from torch import multiprocessing

    os.environ["KERAS_BACKEND"] = "torch"  # the new processes read it, whatever decided it here
    lines = multiprocessing.get_context("spawn").SimpleQueue()
    with TemporaryDirectory() as meeting:
        running = multiprocessing.start_processes(
            _run, (devices, Path(meeting), lines, function, arguments), devices, join=False
        )

        def tell() -> None:
            while not lines.empty():
                say(lines.get())

        try:
            while not running.join(_POLL):
                tell()
        except multiprocessing.ProcessException as error:
            _explain(running, Path(meeting), error)
        finally:
            for process in running.processes:
                process.terminate()
                process.join()
            tell()


def _run(
    rank: int,
    devices: int,
    meeting: Path,
    lines: Any,
    function: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """What each process does."""
    import torch
    from torch import distributed

    Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(max(1, torch.get_num_threads() // devices))
    if torch.cuda.is_available():
        torch.cuda.set_device(rank)
    for library in ("GLOO", "NCCL"):  # they meet on this machine, whatever its host name means
        os.environ.setdefault(f"{library}_SOCKET_IFNAME", "lo")
    distributed.init_process_group(
        "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
        init_method=f"file://{meeting / 'group'}",
        rank=rank,
        world_size=devices,
        timeout=_PATIENCE,
    )
    set_share(Share(rank, devices))
    try:
        function(lines.put, *arguments)
    except InfnetError as error:
        (meeting / f"{type(error).__name__}_{rank}").write_text(str(error), "utf-8")
        sys.exit(1)
    distributed.destroy_process_group()


def _end_with_parent() -> None:
    """However the parent ends: a process that waits for another one does not hear of signals."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _explain(running: Any, meeting: Path, error: Exception) -> None:
    """Raise what ended the first process to end."""
    for kind in _kinds(InfnetError):
        for path in sorted(meeting.glob(f"{kind.__name__}_*")):
            raise kind(path.read_text("utf-8")) from None
    for rank, process in enumerate(running.processes):
        killed = -(process.exitcode or 0)
        if killed > 0 and killed != signal.SIGTERM:  # by which the others were stopped
            raise ModelError(
                f"the process of device {rank} was killed ({signal.Signals(killed).name}), perhaps "
                "for want of memory, and the others were stopped; what the run had committed is "
                "kept, so the same command continues from there"
            ) from None
    raise error


def _kinds(kind: type[InfnetError]) -> list[type[InfnetError]]:
    return [kind, *(each for below in kind.__subclasses__() for each in _kinds(below))]
