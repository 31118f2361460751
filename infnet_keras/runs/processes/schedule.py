"""Jobs done side by side, by processes that stay within a limit of memory."""

import queue
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from infnet_keras.errors import ModelError
from infnet_keras.progress import Progress
from infnet_keras.runs.processes.job import Job, Jobs
from infnet_keras.runs.processes.memory import usable_cores
from infnet_keras.runs.processes.worker_process import Message, WorkerProcess

_LOOK = 0.5
_ATTEMPTS = 2  # of a job whose process dies
_MORE = 1.25  # what a process held when it had to be ended is less than it needs


class Schedule:
    """Workers, each of which does one job after another.

    A job begins when a process is free and what the running jobs need, with what this one needs, is
    within the limit: what a job of its kind needed before, else the most that any did, else the
    limit's equal share. What processes really hold is watched meanwhile: beyond the limit the job
    that began last is ended, and continues later. One job alone is never ended.

    Args:
        command: (cores) -> the command of a worker that runs on them.
        processes: workers at most.
        memory: bytes that all workers may hold.
        logs: directory for what they print.
        progress: says what is being done, and the time left.
        needed: kind of job -> bytes, as measured before.

    Attributes:
        needed: the same with what was measured since.
    """

    def __init__(
        self,
        command: Callable[[list[int]], list[str]],
        processes: int,
        memory: int,
        logs: Path,
        progress: Progress,
        needed: Mapping[str, int],
    ) -> None:
        self._command = command
        self._processes = processes
        self._memory = memory
        self._logs = logs
        self._progress = progress
        self.needed = dict(needed)
        self._messages: queue.Queue[Message] = queue.Queue()
        self._running: dict[WorkerProcess, tuple[Job, float]] = {}
        self._idle: list[WorkerProcess] = []
        self._cores: dict[WorkerProcess, int] = {}
        self._put_off: list[Job] = []
        self._deaths: dict[str, int] = {}
        self._took: dict[str, list[float]] = {}

    def __enter__(self) -> "Schedule":
        return self

    def __exit__(self, *_: object) -> None:
        self.end_workers()

    def run(self, jobs: Jobs, name: str, unit: str, alone: bool = False) -> None:
        """Do all jobs.

        Args:
            jobs: where they come from.
            name: what is done, for the progress.
            unit: what is counted, in the plural.
            alone: one at a time, by a new process that has all cores.
        """
        total = jobs.left
        if not total:
            return
        if alone:
            self.end_workers()
        with self._progress.phase(name, total, unit, note=self._note) as phase:
            phase.expect = lambda: self._expected(jobs.waiting, 1 if alone else self._processes)
            while True:
                self._begin(jobs, 1 if alone else self._processes, alone)
                if not self._running:
                    break
                self._hear(jobs)
                self._watch()
                done = total - jobs.left
                if done != phase.done:
                    phase.advance(done)
        if alone:
            self.end_workers()

    def end_workers(self) -> None:
        """End every process; a job that one of them does continues another time."""
        for worker in [*self._running, *self._idle]:
            worker.end()
        self._running, self._idle, self._cores = {}, [], {}

    def _begin(self, jobs: Jobs, processes: int, alone: bool) -> None:
        while len(self._running) < processes:
            job = self._put_off.pop() if self._put_off else jobs.next()
            if job is None:
                return
            if self._running and self._held() + self._need(job) > self._memory:
                self._put_off.append(job)
                return
            worker = self._idle.pop() if self._idle else self._start(alone)
            self._running[worker] = job, time.monotonic()
            worker.tell(job.request)

    def _start(self, alone: bool) -> WorkerProcess:
        cores = usable_cores()
        place = next(n for n in range(self._processes) if n not in self._cores.values())
        if not alone and self._processes <= len(cores):
            cores = cores[place * len(cores) // self._processes :][: len(cores) // self._processes]
        log = self._logs / f"worker_{place + 1}.log"
        worker = WorkerProcess(self._command(cores), log, self._messages)
        self._cores[worker] = place
        return worker

    def _hear(self, jobs: Jobs) -> None:
        try:
            worker, content = self._messages.get(timeout=_LOOK)
        except queue.Empty:
            return
        if content is None and worker in self._idle:
            self._idle.remove(worker)
            self._end(worker)
        if worker not in self._running:
            return  # among them those that this process ended
        job, _ = self._running[worker]
        if content is None:
            self._died(worker, job, jobs)
        elif content["said"] == "evaluation":
            stop = jobs.evaluated(job, content["number"], content["mean_auc"])
            worker.tell({"stop": stop})
        else:
            began = self._running.pop(worker)[1]
            self._took.setdefault(job.kind, []).append(time.monotonic() - began)
            found = content.get("found")
            if isinstance(found, dict) and "peak_bytes" in found:
                # A process keeps what its earlier jobs took: the least of several is nearest to
                # what this kind needs. Whatever more some job takes is watched.
                peak = found["peak_bytes"]
                self.needed[job.kind] = min(peak, self.needed.get(job.kind, peak))
            self._keep(worker)
            jobs.ended(job, content)

    def _keep(self, worker: WorkerProcess) -> None:
        """A process keeps its memory: one that has more than its share gives way to a new one."""
        if worker.resident > self._memory / self._processes:
            self._end(worker)
        else:
            self._idle.append(worker)

    def _end(self, worker: WorkerProcess) -> int:
        del self._cores[worker]
        return worker.end()

    def _died(self, worker: WorkerProcess, job: Job, jobs: Jobs) -> None:
        del self._running[worker]
        status = self._end(worker)
        deaths = self._deaths[job.label] = self._deaths.get(job.label, 0) + 1
        how = f"by signal {-status}" if status < 0 else f"with status {status}"
        text = f"{job.label}: its process ended {how}, see {worker.log}"
        if deaths < _ATTEMPTS:
            self._progress.say(f"{text}; it continues in another one")
            self._put_off.append(job)
        else:
            jobs.ended(job, {"said": "failed", "error": text, "expected": False})

    def _watch(self) -> None:
        held = sum(worker.resident for worker in [*self._running, *self._idle])
        if held <= self._memory:
            return
        if self._idle:
            self._end(self._idle.pop())
        elif len(self._running) > 1:
            worker = max(self._running, key=lambda one: self._running[one][1])
            job, _ = self._running.pop(worker)
            self.needed[job.kind] = max(
                self.needed.get(job.kind, 0), round(worker.resident * _MORE)
            )
            self._end(worker)
            self._put_off.append(job)
            self._progress.say(
                f"{job.label} waits: {held / 1e9:.1f} GB are held and --memory allows "
                f"{self._memory / 1e9:.1f}"
            )

    def _held(self) -> int:
        """What the running jobs need, or hold already."""
        return sum(max(self._need(job), w.resident) for w, (job, _) in self._running.items())

    def _need(self, job: Job) -> int:
        most = max(self.needed.values(), default=self._memory // self._processes)
        return self.needed.get(job.kind, most)

    def _expected(self, waiting: list[str], processes: int) -> float | None:
        """Seconds until all is done, by what jobs of each kind took; None as long as none ended."""
        known = [seconds for took in self._took.values() for seconds in took]
        if not known:
            return None
        now, usual = time.monotonic(), statistics.fmean(known)
        of = {kind: statistics.fmean(took) for kind, took in self._took.items()}
        put_off = [job.kind for job in self._put_off]
        begun = [
            max(of.get(job.kind, usual) - (now - began), 0.0)
            for job, began in list(self._running.values())
        ]
        total = sum(of.get(kind, usual) for kind in [*waiting, *put_off]) + sum(begun)
        return max([total / processes, *begun])

    def _note(self) -> str:
        return "; ".join(job.label for job, _ in list(self._running.values()))


def worker_command(data: Path, backend: str) -> Callable[[list[int]], list[str]]:
    """(cores) -> the command of a worker on prepared data."""

    def command(cores: list[int]) -> list[str]:
        own = ["--data", str(data), "--backend", backend, "--cores", ",".join(map(str, cores))]
        return [sys.executable, "-m", "infnet_keras.cli.worker", *own]

    return command


def checked_memory(given: float | None, free: int) -> int:
    """The limit of memory in bytes: as given in GB, else four fifths of what is free.

    Raises:
        ModelError: it is not a positive number.
    """
    if given is None:
        return free * 4 // 5
    if not given > 0:
        raise ModelError(f"--memory {given}: a limit in GB is more than 0")
    return round(given * 1e9)


def checked_processes(given: int) -> int:
    """The number of processes side by side, as given.

    Raises:
        ModelError: it is less than 1.
    """
    if given < 1:
        raise ModelError(f"--processes {given}: at least 1 is needed")
    return given
