"""Swaps of a model's version under load: every request is answered, by a version then live.

python benchmarks/serving_reload.py --rate 200 --seconds 60

Requests leave at a fixed rate whatever the answers do, every other one over REST and over gRPC.
Meanwhile the version is swapped three times: to 2, to a version that does not load, and to 4.
Each version adds its own number to its input, so that an answer tells which one gave it.
"""

import argparse
import os
import platform
import shutil
import statistics
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
import requests
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest
from tensorflow_serving.apis.model_service_pb2_grpc import ModelServiceStub
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

GRPC, REST = "127.0.0.1:18600", "127.0.0.1:18601"
CORRUPT = 3
AVAILABLE = 30
POLL = 0.05


class Adder(tf.Module):
    """Answers x + number, through enough of a graph to take a moment to load."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = tf.Variable(float(number))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.float32, "x")])
    def add(self, x: tf.Tensor) -> dict[str, tf.Tensor]:
        """One output for each input."""
        return {"y": x + self.number}


def write_version(number: int, base: Path) -> None:
    """Write a version beside the base path and move it there whole."""
    made = base.with_name(f"making-{number}")
    adder = Adder(number)
    tf.saved_model.save(adder, str(made), signatures=adder.add)
    if number == CORRUPT:
        (made / "saved_model.pb").write_bytes(b"\x08\x01garbage" * 99)
    shutil.move(made, base / str(number))


@dataclass
class Load:
    """What was asked and answered.

    Args:
        answers: when a request left, when its answer came, over what, and which version gave it.
        failures: over what, and why.
    """

    answers: list[tuple[float, float, str, int]] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@dataclass
class Timeline:
    """When each version was seen to be available: first and last time."""

    seen: dict[int, tuple[float, float]] = field(default_factory=dict)
    states: dict[int, tuple[int, str]] = field(default_factory=dict)

    def watch(self, stop: threading.Event) -> None:
        """Ask for the status until told to stop."""
        stub = ModelServiceStub(grpc.insecure_channel(GRPC))
        request = GetModelStatusRequest()
        request.model_spec.name = "adder"
        while not stop.wait(POLL):
            before = time.monotonic()
            response = stub.GetModelStatus(request, timeout=10)
            now = time.monotonic()
            for status in response.model_version_status:
                self.states[status.version] = (status.state, status.status.error_message)
                if status.state == AVAILABLE:
                    first = self.seen.get(status.version, (before - POLL, 0.0))[0]
                    self.seen[status.version] = (first, now)

    def was_live(self, number: int, start: float, end: float) -> bool:
        """Whether a version may have been live at some moment of a request."""
        if number not in self.seen:
            return False
        first, last = self.seen[number]
        # A swap happens between two looks, and a look takes a while itself: a second's leeway
        # tells apart versions that are swapped many seconds apart.
        return start <= last + 1.0 and end >= first - 1.0


def ask(number: int, load: Load, stub: PredictionServiceStub, session: requests.Session) -> None:
    """One request, over REST or gRPC by turns."""
    way = "REST" if number % 2 else "gRPC"
    start = time.monotonic()
    try:
        if way == "REST":
            response = session.post(
                f"http://{REST}/v1/models/adder:predict", json={"instances": [0.0]}, timeout=30
            )
            response.raise_for_status()
            answer = response.json()["predictions"][0]
        else:
            request = PredictRequest()
            request.model_spec.name = "adder"
            request.inputs["x"].CopyFrom(tf.make_tensor_proto([0.0]))
            answer = stub.Predict(request, timeout=30).outputs["y"].float_val[0]
    except (grpc.RpcError, requests.RequestException) as error:
        load.failures.append(f"{way}: {error}")
        return
    load.answers.append((start, time.monotonic(), way, round(answer)))


def run(rate: float, seconds: float, base: Path) -> tuple[Load, Timeline]:
    """Send the load while versions come."""
    load, timeline, stop = Load(), Timeline(), threading.Event()
    watcher = threading.Thread(target=timeline.watch, args=(stop,))
    watcher.start()
    swaps = [
        threading.Timer(seconds * part, write_version, (number, base))
        for number, part in ((2, 0.2), (CORRUPT, 0.45), (4, 0.7))
    ]
    for swap in swaps:
        swap.start()
    local = threading.local()

    def work(number: int) -> None:
        if not hasattr(local, "clients"):
            local.clients = PredictionServiceStub(grpc.insecure_channel(GRPC)), requests.Session()
        ask(number, load, *local.clients)

    begin = time.monotonic()
    with ThreadPoolExecutor(64) as pool:
        for number in range(int(rate * seconds)):
            time.sleep(max(begin + number / rate - time.monotonic(), 0.0))
            pool.submit(work, number)
    stop.set()
    watcher.join()
    return load, timeline


def report(load: Load, timeline: Timeline, asked: int, scratch: str, console: Console) -> bool:
    """Print the outcome; returns whether it is what it must be."""
    wrong = [answer for answer in load.answers if not timeline.was_live(answer[3], *answer[:2])]
    table = Table(title=f"{asked} requests")
    for heading in ("", "answered", "median ms", "p99 ms", "longest ms", "by version"):
        table.add_column(heading, justify="right")
    for way in ("REST", "gRPC"):
        answers = [answer for answer in load.answers if answer[2] == way]
        times = sorted((end - start) * 1e3 for start, end, _, _ in answers)
        counts = {n: sum(a[3] == n for a in answers) for n in sorted({a[3] for a in answers})}
        table.add_row(
            way,
            f"{len(answers):,}",
            f"{statistics.median(times):.1f}",
            f"{times[int(len(times) * 0.99)]:.1f}",
            f"{times[-1]:.1f}",
            ", ".join(f"{number}: {count:,}" for number, count in counts.items()),
        )
    console.print(table)
    console.print(f"failed: {len(load.failures)}; by a version that was not live: {len(wrong)}")
    for number, (state, error) in sorted(timeline.states.items()):
        console.print(f"version {number}: state {state} {error.replace(scratch, 'DIR')[:120]}")
    for failure in load.failures[:5]:
        console.print(failure)
    ended = timeline.states.get(CORRUPT, (0, ""))
    live = [number for number, (state, _) in timeline.states.items() if state == AVAILABLE]
    return not load.failures and not wrong and bool(ended[1]) and live == [4]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    console = Console(width=100)
    packages = ("tensorflow", "grpcio", "uvicorn")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    console.print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    with TemporaryDirectory() as scratch:
        base = Path(scratch, "adder")
        base.mkdir()
        write_version(1, base)
        command = [sys.executable, "-m", "serving.server", "--model_name=adder"]
        command += [f"--model_base_path={base}", f"--port={GRPC.split(':')[1]}"]
        command += [f"--rest_api_port={REST.split(':')[1]}", "--max_num_load_retries=0"]
        process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        try:
            grpc.channel_ready_future(grpc.insecure_channel(GRPC)).result(timeout=120)
            load, timeline = run(options.rate, options.seconds, base)
        finally:
            process.terminate()
            process.wait()
    asked = int(options.rate * options.seconds)
    if not report(load, timeline, asked, scratch, console):
        raise SystemExit("FAILED")
    console.print("every request was answered, by a version then live")


if __name__ == "__main__":
    main()
