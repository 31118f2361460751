"""Jobs side by side: within memory, once each, whatever dies."""

import re
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.errors import ModelError
from infnet_keras.progress import Progress
from infnet_keras.runs.processes.job import Job
from infnet_keras.runs.processes.schedule import Schedule, checked_memory

WORKER = Path(__file__).with_name("plain_worker.py")
MB = 1_000_000


class Listed:
    """Jobs of a list; `stop_below` stops those whose evaluation is lower."""

    def __init__(self, jobs: list[Job], stop_below: float = 0.0) -> None:
        self._jobs = list(jobs)
        self._running = 0
        self._stop_below = stop_below
        self.ends: list[tuple[str, dict[str, Any]]] = []

    @property
    def left(self) -> int:
        return len(self._jobs) + self._running

    @property
    def waiting(self) -> list[str]:
        return [job.kind for job in self._jobs]

    def next(self) -> Job | None:
        if not self._jobs:
            return None
        self._running += 1
        return self._jobs.pop(0)

    def evaluated(self, job: Job, number: int, mean_auc: float) -> bool:
        return mean_auc < self._stop_below

    def ended(self, job: Job, message: dict[str, Any]) -> None:
        self._running -= 1
        self.ends.append((job.label, message))


class Bench:
    """Schedules over plain workers in one directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.journal = directory / "journal"
        self.journal.touch()
        self.lines: list[str] = []

    def job(self, name: str, kind: str = "any", **more: Any) -> Job:
        return Job({"name": name, "journal": str(self.journal), **more}, name, kind)

    def schedule(self, processes: int, memory: int = 4000 * MB, **needed: int) -> Schedule:
        return Schedule(
            lambda cores: [sys.executable, str(WORKER)],
            processes,
            memory,
            self.directory,
            Progress(self.lines.append),
            needed,
        )

    def intervals(self) -> dict[str, tuple[float, float]]:
        """When each job began for the last time, and ended."""
        times: dict[str, dict[str, float]] = {}
        for line in self.journal.read_text().splitlines():
            what, name, at = line.split()
            times.setdefault(name, {})[what] = float(at)
        return {name: (found["begin"], found["end"]) for name, found in times.items()}

    def most_at_once(self) -> int:
        found = list(self.intervals().values())
        return max(sum(a <= begin < b for a, b in found) for begin, _ in found)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def test_every_job_is_done_once_side_by_side(bench: Bench) -> None:
    jobs = Listed([bench.job(f"job{n}", seconds=0.3) for n in range(6)])
    with bench.schedule(processes=2) as schedule:
        schedule.run(jobs, "working", "jobs")
    assert sorted(label for label, _ in jobs.ends) == [f"job{n}" for n in range(6)]
    assert all(m["said"] == "done" and m["found"]["name"] == label for label, m in jobs.ends)
    assert bench.most_at_once() == 2
    assert bench.journal.read_text().count("begin") == 6
    assert len(list(bench.directory.glob("worker_*.log"))) == 2  # a process does several jobs


def test_a_job_is_stopped_where_its_source_says_so(bench: Bench) -> None:
    wanted = [bench.job("good", values=[0.6, 0.7]), bench.job("bad", values=[0.6, 0.4, 0.9])]
    jobs = Listed(wanted, stop_below=0.5)
    with bench.schedule(processes=1) as schedule:
        schedule.run(jobs, "working", "jobs")
    assert [(label, message["said"]) for label, message in jobs.ends] == [
        ("good", "done"),
        ("bad", "stopped"),
    ]


def test_jobs_that_together_need_too_much_take_turns(bench: Bench) -> None:
    big = [bench.job(f"big{n}", kind="big", bytes=200 * MB, seconds=0.3) for n in range(3)]
    small = [bench.job(f"small{n}", kind="small", seconds=0.3) for n in range(2)]
    jobs = Listed([*big, *small])
    with bench.schedule(2, memory=350 * MB, big=220 * MB, small=40 * MB) as schedule:
        schedule.run(jobs, "working", "jobs")
    assert len(jobs.ends) == 5
    times = bench.intervals()
    for one, other in ((0, 1), (0, 2), (1, 2)):
        (a, b), (c, d) = times[f"big{one}"], times[f"big{other}"]
        assert b <= c or d <= a
    assert bench.journal.read_text().count("begin") == 5  # nobody had to be ended
    assert schedule.needed == {"big": 220 * MB, "small": 20 * MB}  # the least that was seen


def test_whoever_takes_more_than_was_thought_is_ended_and_continues(bench: Bench) -> None:
    jobs = Listed([bench.job(f"big{n}", kind="big", bytes=300 * MB, seconds=1.5) for n in range(2)])
    with bench.schedule(2, memory=500 * MB, big=50 * MB) as schedule:
        schedule.run(jobs, "working", "jobs")
    assert sorted(label for label, _ in jobs.ends) == ["big0", "big1"]
    assert all(message["said"] == "done" for _, message in jobs.ends)
    assert bench.journal.read_text().count("begin") == 3
    assert any(line.startswith("big1 waits: ") for line in bench.lines)
    assert bench.most_at_once() == 1  # of the attempts that came to their ends


def test_a_process_that_dies_is_replaced_and_a_job_that_kills_it_again_fails(bench: Bench) -> None:
    jobs = Listed([bench.job("once", deaths=1), bench.job("always", deaths=9), bench.job("well")])
    with bench.schedule(processes=1) as schedule:
        schedule.run(jobs, "working", "jobs")
    said = {label: message["said"] for label, message in jobs.ends}
    assert said == {"once": "done", "always": "failed", "well": "done"}
    error = dict(jobs.ends)["always"]["error"]
    assert "always: its process ended with status 7, see " in error
    assert Path(error.rpartition("see ")[2]).exists()
    assert any("once: its process ended with status 7" in line for line in bench.lines)


def test_a_process_that_dies_while_it_has_nothing_to_do_is_not_waited_for(bench: Bench) -> None:
    """Of two that take turns for their memory, the second meets the dead one as it is free."""
    turns = [bench.job(f"big{n}", kind="big", seconds=1.0) for n in range(2)]
    jobs = Listed(
        [bench.job("leaves", kind="small", leaves=True), *turns, bench.job("small", kind="small")]
    )

    def run() -> None:
        with bench.schedule(2, memory=350 * MB, big=220 * MB, small=40 * MB) as schedule:
            schedule.run(jobs, "working", "jobs")

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    assert all(message["said"] == "done" for _, message in jobs.ends)
    assert len(jobs.ends) == 4


def test_time_left_is_by_what_jobs_of_a_kind_took(bench: Bench) -> None:
    """Nine short jobs and a long one: as the long one is last, its own time is left."""
    with bench.schedule(processes=1) as schedule:
        schedule.run(Listed([bench.job("first", kind="long", seconds=2.0)]), "working", "jobs")
        short = [bench.job(f"short{n}", kind="short") for n in range(9)]
        jobs = Listed([*short, bench.job("last", kind="long", seconds=4.0)])
        schedule.run(jobs, "going on", "jobs")
        expected = schedule._expected(["long", "short", "new"], processes=2)
    (line,) = [line for line in bench.lines if "last" in line][:1]
    assert re.search(r"going on: 9 of 10 jobs, last, \d s, [1-3] s left", line), bench.lines
    long, took = 3.0, (2.0 + 4.0) / 11
    assert expected == pytest.approx((long + took) / 2, abs=1.0)


def test_what_is_done_alone_runs_alone_in_a_new_process(bench: Bench) -> None:
    with bench.schedule(processes=2) as schedule:
        schedule.run(Listed([bench.job("a"), bench.job("b")]), "working", "jobs")
        schedule.run(
            Listed([bench.job(f"alone{n}", seconds=0.2) for n in range(2)]), "t", "j", alone=True
        )
    times = bench.intervals()
    assert times["alone0"][1] <= times["alone1"][0]


def test_an_exception_ends_the_processes(bench: Bench) -> None:
    class Interrupted(Listed):
        def evaluated(self, job: Job, number: int, mean_auc: float) -> bool:
            raise KeyboardInterrupt

    jobs = Interrupted([bench.job("one", values=[0.5]), bench.job("two", seconds=60)])
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), bench.schedule(processes=2) as schedule:
        schedule.run(jobs, "working", "jobs")
    assert time.monotonic() - began < 30
    assert "end two" not in bench.journal.read_text()
    assert not [t for t in threading.enumerate() if t.name == "progress"]


def test_the_limit_of_memory() -> None:
    assert checked_memory(None, 10_000) == 8_000
    assert checked_memory(2.5, 0) == 2_500_000_000
    with pytest.raises(ModelError, match="--memory 0: a limit in GB is more than 0"):
        checked_memory(0, 10)
