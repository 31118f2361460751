"""A training on torch: one process a device, all of which run the same function."""

import os
import signal
import sys
import traceback
from collections.abc import Callable
from datetime import timedelta
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
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


class ProcessFailed(RuntimeError):
    """A mistake of the code in one of the processes; the text is its traceback."""


def run_in_processes(
    devices: int, function: Callable[..., None], *arguments: Any, say: Callable[[str], None]
) -> None:
    """Run a function in several processes of this machine, which train together on torch.

    Each has its `share`, its GPU where there are GPUs, and is joined to the others by NCCL, or by
    Gloo on the processor. When one of them ends with an error, the others are stopped; all end with
    the caller.

    Args:
        devices: how many processes.
        function: of a module, so that a new process can import it. Its first argument writes a
            line where the caller's `say` does.
        *arguments: its other arguments, as `pickle` carries them.
        say: takes the lines that the processes write.

    Raises:
        InfnetError: what one of them raised as such.
        ModelError: one of them was killed.
        ProcessFailed: another error of one of them.
    """
    os.environ["KERAS_BACKEND"] = "torch"  # the new processes read it, whatever decided it here
    context = get_context("spawn")
    messages: Any = context.SimpleQueue()
    errors: list[Exception] = []

    def hear() -> None:
        while not messages.empty():
            message = messages.get()
            if isinstance(message, str):
                say(message)
            else:
                errors.append(message)

    with TemporaryDirectory() as meeting:
        processes = [
            context.Process(
                target=_run,
                args=(Share(rank, devices), Path(meeting) / "group", messages, function, arguments),
            )
            for rank in range(devices)
        ]
        try:
            for process in processes:
                process.start()
            while not any(process.exitcode for process in processes):
                running = [process.sentinel for process in processes if process.exitcode is None]
                if not running:
                    break
                wait(running, _POLL)
                hear()
        finally:
            for process in processes:
                if process.is_alive():
                    process.terminate()
                    process.join()
            hear()
    _raise_cause(errors, [process.exitcode or 0 for process in processes])


def _run(
    own: Share,
    meeting: Path,
    messages: Any,
    function: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    """What each process does."""
    import torch
    from torch import distributed

    Thread(target=_end_with_parent, daemon=True).start()
    torch.set_num_threads(max(1, torch.get_num_threads() // own.devices))
    if torch.cuda.is_available():
        torch.cuda.set_device(own.rank)
    for library in ("GLOO", "NCCL"):  # they meet on this machine, whatever its host name means
        os.environ.setdefault(f"{library}_SOCKET_IFNAME", "lo")
    try:
        distributed.init_process_group(
            "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo",
            init_method=f"file://{meeting}",
            rank=own.rank,
            world_size=own.devices,
            timeout=_PATIENCE,
        )
        set_share(own)
        function(messages.put, *arguments)
        distributed.destroy_process_group()
    except InfnetError as error:
        messages.put(error)
        sys.exit(1)
    except KeyboardInterrupt:  # of the terminal's, which the caller has too
        sys.exit(1)
    except Exception:
        messages.put(ProcessFailed(traceback.format_exc()))
        sys.exit(1)


def _end_with_parent() -> None:
    """However the parent ends: a process that waits for another one does not hear of signals."""
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)


def _raise_cause(errors: list[Exception], codes: list[int]) -> None:
    """Raise what ended the processes: the others' errors follow from the first one's end."""
    for error in errors:
        if isinstance(error, InfnetError):
            raise error
    for rank, code in enumerate(codes):
        if code < 0 and -code != signal.SIGTERM:  # by which the others were stopped
            raise ModelError(
                f"the process of device {rank} was killed ({signal.Signals(-code).name}), perhaps "
                "for want of memory, and the others were stopped; what the run had committed is "
                "kept, so the same command continues from there"
            )
    for error in errors:
        raise error
    if any(codes):
        raise ProcessFailed(f"the processes ended with codes {codes}")
