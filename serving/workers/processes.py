"""The worker processes of a server: started together, stopped together."""

import logging
import multiprocessing
import os
import signal
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from multiprocessing.connection import wait
from multiprocessing.process import BaseProcess, parent_process
from pathlib import Path

from serving.workers.peers import Place

_log = logging.getLogger(__name__)


def run_workers(count: int, serve: Callable[[Place], int]) -> int:
    """Run a server in several processes until all have ended.

    SIGTERM and SIGINT are passed on to them. Once one has ended, whatever the reason, the others
    are told to: a part of a server must not be taken for the whole, and whoever runs it starts it
    anew.

    Args:
        count: of processes; TensorFlow must not be imported yet, they are forks of this one.
        serve: serves until its process gets SIGTERM; gives the exit code.

    Returns:
        0 if every process ended with 0 after a signal; otherwise the exit code of one that failed,
        1 if it was killed.

    Example:
        >>> run_workers(2, lambda place: Server(flags, place).serve())
    """
    with tempfile.TemporaryDirectory(prefix="serving-") as directory:
        context = multiprocessing.get_context("fork")
        addresses = tuple(str(Path(directory) / str(index)) for index in range(count))
        loaded, turn = context.Barrier(count), context.Lock()
        processes = [
            context.Process(
                target=_run, args=(serve, Place(i, addresses, loaded, turn)), name=f"worker {i}"
            )
            for i in range(count)
        ]
        for process in processes:
            process.start()
        asked = threading.Event()

        def pass_on(*_: object) -> None:
            asked.set()
            _terminate(processes)

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, pass_on)
        (ended, *_) = wait([process.sentinel for process in processes])
        if asked.is_set():
            return max(_exit_code(process) for process in processes)
        first = next(process for process in processes if process.sentinel == ended)
        first.join()
        _log.error("%s ended with %s: stopping the others", first.name, first.exitcode)
        _terminate(processes)
        for process in processes:
            process.join()
        return _exit_code(first) or 1


def _exit_code(process: BaseProcess) -> int:
    process.join()
    return 1 if process.exitcode is None or process.exitcode < 0 else process.exitcode


def _terminate(processes: Sequence[BaseProcess]) -> None:
    for process in processes:
        if process.is_alive():
            process.terminate()


def _run(serve: Callable[[Place], int], place: Place) -> None:
    # The parent's handlers would pass on what is this process's to follow.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    code = serve(place)
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads of loads that hang, or of TensorFlow, must not keep a stopped server from ending.
    os._exit(code)


def _end_with_parent() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os.kill(os.getpid(), signal.SIGTERM)
