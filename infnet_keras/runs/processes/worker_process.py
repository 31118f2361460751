"""A worker as the process that started it sees it."""

import json
import queue
import subprocess
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from infnet_keras.runs.processes.memory import resident


class Message(NamedTuple):
    """What a worker said; None once it has ended, however it ended."""

    worker: "WorkerProcess"
    content: dict[str, Any] | None


class WorkerProcess:
    """Starts a worker, gives it jobs and hears it.

    Args:
        command: that starts one (see `infnet_keras.cli.worker`).
        log: the file that what it prints is added to.
        messages: where what it says is put, by a thread of its own.
    """

    def __init__(self, command: Sequence[str], log: Path, messages: "queue.Queue[Message]") -> None:
        self.log = log
        with log.open("ab") as file:
            # A session of its own: an interrupt is the parent's to handle, and the end of its
            # standard input is the end of the worker.
            self._process = subprocess.Popen(
                list(command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
                encoding="utf-8",
                start_new_session=True,
            )
        threading.Thread(target=self._hear, args=(messages,), daemon=True).start()

    @property
    def resident(self) -> int:
        """Bytes that it holds now."""
        return resident(self._process.pid)

    def tell(self, line: dict[str, Any]) -> None:
        """Give it a job, or an answer; a worker that has ended is told nothing."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(line) + "\n")
            self._process.stdin.flush()
        except OSError:  # its end is heard as a message
            pass

    def end(self) -> int:
        """End it now; what it was doing continues another time. Its exit status."""
        self._process.kill()
        return self._process.wait()

    def _hear(self, messages: "queue.Queue[Message]") -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            messages.put(Message(self, json.loads(line)))
        messages.put(Message(self, None))
