"""What the embedded server costs over calling a signature in-process, and what batching gains.

infnet export --run demo/run --out demo/models/qb_video
python benchmarks/serving_overhead.py --model demo/models/qb_video

Every round measures each way once, one after another, so that whatever else the machine does meets
all of them alike. In-process is the signature of `tf.saved_model.load` on tensors made beforehand,
its results fetched; gRPC and REST are whole calls of a client on the same machine, with a request
made beforehand. Throughput is of requests of one row: one client that waits for each answer before
it asks again, against `--clients` that do so at the same time, with batching on.
"""

import argparse
import json
import os
import platform
import queue
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
import numpy as np
import requests
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from infnet_keras.export.version_directory import latest_version
from infnet_keras.export.warmup import read_warmup

PORTS = {"plain": (18500, 18501), "batched": (18510, 18511)}
SIGNATURE = "predict"


@contextmanager
def server(model: Path, name: str, *flags: str) -> Iterator[None]:
    """A server of the model on loopback, ready on entering."""
    grpc_port, rest_port = PORTS[name]
    command = [sys.executable, "-m", "serving.server", "--model_name=model"]
    command += [f"--model_base_path={model.resolve()}", f"--port={grpc_port}"]
    command += [f"--rest_api_port={rest_port}", *flags]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise SystemExit(f"the server ended with {process.returncode}")
            try:
                if requests.get(f"http://127.0.0.1:{rest_port}/v1/models/model", timeout=1).ok:
                    break
            except requests.ConnectionError:
                time.sleep(0.1)
        yield
    finally:
        process.terminate()
        process.wait()


def example_request(model: Path, rows: int) -> dict[str, np.ndarray]:
    """The model's own warm-up rows, repeated to as many as asked for."""
    for signature, arrays in reversed(read_warmup(latest_version(model))):
        if signature == SIGNATURE:
            return {name: array[np.arange(rows) % len(array)] for name, array in arrays.items()}
    raise SystemExit(f"{model} has no warm-up request of the signature {SIGNATURE}")


def message(arrays: dict[str, np.ndarray]) -> PredictRequest:
    request = PredictRequest()
    request.model_spec.name = "model"
    request.model_spec.signature_name = SIGNATURE
    for name, array in arrays.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    return request


def body(arrays: dict[str, np.ndarray]) -> bytes:
    lists = {
        name: [text.decode() for text in array.ravel()] if array.dtype == object else array.tolist()
        for name, array in arrays.items()
    }
    rows = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
    return json.dumps({"signature_name": SIGNATURE, "instances": rows}).encode()


def milliseconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def quartiles(values: list[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def overhead(model: Path, rows: int, rounds: int, console: Console) -> None:
    """Table of the latency of one request, in-process and over both APIs."""
    arrays = example_request(model, rows)
    signature = tf.saved_model.load(str(latest_version(model))).signatures[SIGNATURE]
    tensors = {name: tf.constant(array) for name, array in arrays.items()}
    grpc_port, rest_port = PORTS["plain"]
    stub = PredictionServiceStub(grpc.insecure_channel(f"127.0.0.1:{grpc_port}"))
    request, json_body = message(arrays), body(arrays)
    url, session = f"http://127.0.0.1:{rest_port}/v1/models/model:predict", requests.Session()

    def rest() -> None:
        session.post(url, data=json_body, timeout=30).raise_for_status()

    calls: dict[str, Callable[[], Any]] = {
        "in-process": lambda: [value.numpy() for value in signature(**tensors).values()],
        "gRPC": lambda: stub.Predict(request, timeout=30),
        "REST, row format": rest,
    }
    times: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(rounds + 20):
        for name, call in calls.items():
            taken = milliseconds(call)
            if round_ >= 20:
                times[name].append(taken)
    base = statistics.median(times["in-process"])
    table = Table(title=f"{SIGNATURE} of {rows} rows, {rounds} rounds: median (quartiles)")
    for heading in ("", "ms", "over in-process ms", "of in-process"):
        table.add_column(heading, justify="right")
    for name, values in times.items():
        middle = statistics.median(values)
        extra = f"{middle - base:+.2f}", f"{middle / base:.2f}x"
        table.add_row(name, quartiles(values), *extra)
    console.print(table)
    console.print(f"request: {request.ByteSize():,} bytes gRPC, {len(json_body):,} bytes REST")


def per_second(name: str, clients: int, seconds: float, request: PredictRequest) -> float:
    """Answers a second to clients that each wait for one answer before they ask again.

    They share the server's cores, so they do as little as clients can: all of them are calls in
    flight of one thread, of a request serialised beforehand, whose answers are left as bytes.
    """
    channel = grpc.insecure_channel(f"127.0.0.1:{PORTS[name][0]}")
    predict = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    message = request.SerializeToString()
    answers: queue.SimpleQueue[grpc.Future] = queue.SimpleQueue()

    def ask() -> None:
        predict.future(message, timeout=30).add_done_callback(answers.put)

    start = time.perf_counter()
    for _ in range(clients):
        ask()
    answered = 0
    while time.perf_counter() - start < seconds:
        answers.get().result()
        answered += 1
        ask()
    taken = time.perf_counter() - start
    for _ in range(clients):
        answers.get().result()
    channel.close()
    return answered / taken


def throughput(model: Path, clients: int, rounds: int, console: Console) -> None:
    """Table of requests a second, one by one and many at once."""
    request = message(example_request(model, 1))
    rates: dict[str, list[float]] = {"one by one": [], f"{clients} clients, batching on": []}
    for round_ in range(rounds + 1):
        measured = per_second("plain", 1, 3, request), per_second("batched", clients, 3, request)
        if round_:
            for values, rate in zip(rates.values(), measured, strict=True):
                values.append(rate)
    base = statistics.median(rates["one by one"])
    table = Table(title=f"{SIGNATURE} of 1 row over gRPC, {rounds} rounds: median (quartiles)")
    for heading in ("", "requests a second", "of one by one"):
        table.add_column(heading, justify="right")
    for name, values in rates.items():
        table.add_row(name, quartiles(values), f"{statistics.median(values) / base:.2f}x")
    console.print(table)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="directory of `infnet export`")
    parser.add_argument("--rows", type=int, default=32)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--clients", type=int, default=32)
    options = parser.parse_args()
    console = Console(width=100)
    packages = ("tensorflow", "grpcio", "uvicorn", "python-rapidjson")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    console.print(f"{os.cpu_count()} cores, Python {platform.python_version()}, {versions}")
    with TemporaryDirectory() as scratch:
        parameters = Path(scratch, "batching.config")
        parameters.write_text(
            "max_batch_size { value: 32 } batch_timeout_micros { value: 5000 } "
            "max_enqueued_batches { value: 100 } num_batch_threads { value: 1 }"
        )
        batching = [f"--batching_parameters_file={parameters}", "--grpc_max_threads=64"]
        # The cores are busy with requests: runs that spread over them only get in their way.
        batching += ["--tensorflow_intra_op_parallelism=1", "--tensorflow_inter_op_parallelism=1"]
        with server(options.model, "plain"):
            overhead(options.model, options.rows, options.rounds, console)
            with server(options.model, "batched", "--enable_batching", *batching):
                throughput(options.model, options.clients, 9, console)


if __name__ == "__main__":
    main()
