"""`rank` of one user with many candidates, against as many full rows to `predict`, over gRPC.

python benchmarks/serving_rank.py

The model is untrained, with the shape of qb_video's: 4 behaviours x 7 attributes x 100 steps are
2,800 history tokens. Every round asks each way once, one after another, so that whatever else the
machine does meets all of them alike; a full row repeats the user's histories, as it must. The same
candidates get the same scores both ways, which is checked first.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import grpc
import keras
import numpy as np
import tensorflow as tf
from rich.console import Console
from rich.table import Table
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

from infnet_keras.export import export_saved_model
from infnet_keras.features import Assets
from infnet_keras.features.assets import definition_of
from infnet_keras.models import INFNet
from infnet_keras.spec import FeatureSpec, spec_from_dict
from serving.client import GrpcClient

ADDRESS = "127.0.0.1:18800"
BEHAVIOURS = ("click", "like", "follow", "share")
ATTRIBUTES = ("item_id", "category", "author", "tag", "city", "music", "tab")
STEPS, IDS = 100, 10_000
USER_FIELDS = ("user_id", "gender", "age", "region")


def rank_spec() -> FeatureSpec:
    """4 behaviours x 7 attributes x 100 steps; 4 fields of the user, 6 of the item, 1 of both."""
    fields = {name: {"side": "user", "identity": IDS} for name in USER_FIELDS}
    fields |= {name: {"side": "item", "table": name} for name in ATTRIBUTES[:-1]}
    return spec_from_dict(
        {
            "name": "rank",
            "sources": {"log": {"files": "log.csv", "time": {"column": "time_ms", "unit": "ms"}}},
            "keys": {"user": "user_id", "item": "item_id"},
            "tables": {name: {"identity": IDS} for name in ATTRIBUTES},
            "fields": fields | {"tab": {"side": "context", "table": "tab"}},
            "sequences": {
                name: {"length": STEPS, "attributes": {a: a for a in ATTRIBUTES}}
                for name in BEHAVIOURS
            },
            "tasks": {name: {"label": f"is_{name}"} for name in BEHAVIOURS},
            "model": {
                "dim": 32,
                "blocks": 3,
                "categorical_proxies": 4,
                "shared_task_tokens": 2,
                "proxy_norm": "layer",
            },
        }
    )


def example_columns(rows: int) -> dict[str, np.ndarray]:
    """Raw rows with full histories."""
    random = np.random.default_rng(0)
    columns = {name: random.integers(0, IDS, rows) for name in (*USER_FIELDS, *ATTRIBUTES)}
    for behaviour in BEHAVIOURS:
        for name in ATTRIBUTES:
            columns[f"{behaviour}__{name}"] = random.integers(0, IDS, (rows, STEPS))
        columns[f"{behaviour}__length"] = np.full(rows, STEPS)
    return columns


def export(directory: Path) -> None:
    """Export the model, with weights that tell rows apart."""
    spec = rank_spec()
    types = dict.fromkeys((*USER_FIELDS, *ATTRIBUTES), "int64")
    examples = {name: values.tolist() for name, values in example_columns(8).items()}
    assets = Assets(definition_of(spec), types, vocabularies={}, boundaries={})
    keras.utils.set_random_seed(0)
    model = INFNet(spec, assets.table_rows(spec))
    model.build()
    random = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(random.normal(0.0, 0.3, weight.shape).astype("float32"))
    model.assets = assets
    export_saved_model(model, directory, examples=examples)


@contextmanager
def server(model: Path) -> Iterator[None]:
    """The embedded server with its defaults."""
    command = [sys.executable, "-m", "serving.server", "--model_name=rank"]
    command += [f"--model_base_path={model.resolve()}", f"--port={ADDRESS.rpartition(':')[2]}"]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    try:
        with GrpcClient(ADDRESS, "rank") as client:
            client.wait_until_available(300.0)
        yield
    finally:
        process.terminate()
        process.wait()


def requests(candidates: int) -> dict[str, dict[str, np.ndarray]]:
    """The same question to both signatures."""
    one, items = example_columns(1), example_columns(candidates)
    is_item = {name: name in ATTRIBUTES[:-1] for name in one}
    full = {n: items[n] if is_item[n] else np.repeat(one[n], candidates, axis=0) for n in one}
    ranked = {n: items[n][None] if is_item[n] else one[n] for n in one}
    ranked["candidate_count"] = np.array([candidates])
    return {"predict": full, "rank": ranked}


def message(signature: str, arrays: dict[str, np.ndarray]) -> bytes:
    request = PredictRequest()
    request.model_spec.name = "rank"
    request.model_spec.signature_name = signature
    for name, array in arrays.items():
        request.inputs[name].CopyFrom(tf.make_tensor_proto(array))
    serialized: bytes = request.SerializeToString()
    return serialized


def check_scores(stub: PredictionServiceStub, bodies: dict[str, bytes]) -> None:
    """Both ways must give one score."""
    scores: dict[str, dict[str, np.ndarray]] = {}
    for name, body in bodies.items():
        response = stub.Predict(PredictRequest.FromString(body), timeout=120)
        scores[name] = {k: tf.make_ndarray(v).ravel() for k, v in response.outputs.items()}
    for task, expected in scores["predict"].items():
        difference = np.abs(scores["rank"][task] - expected).max()
        if difference > 1e-5 or np.ptp(expected) < 1e-3:
            raise SystemExit(f"{task}: the scores differ by {difference:.2g}")


def interleaved(
    calls: dict[str, Callable[[], Any]], rounds: int, warmup: int = 2
) -> dict[str, list[float]]:
    """Seconds of each call in each round."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for round_ in range(rounds + warmup):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            if round_ >= warmup:
                times[name].append(time.perf_counter() - start)
    return times


def quartiles(values: Sequence[float]) -> str:
    low, middle, high = statistics.quantiles(values, n=4)
    return f"{middle:.1f} ({low:.1f} to {high:.1f})"


def compare(candidates: int, rounds: int, console: Console) -> None:
    """Table of both ways."""
    bodies = {name: message(name, arrays) for name, arrays in requests(candidates).items()}
    channel = grpc.insecure_channel(ADDRESS, [("grpc.max_send_message_length", -1)])
    check_scores(PredictionServiceStub(channel), bodies)
    send = channel.unary_unary("/tensorflow.serving.PredictionService/Predict")
    calls = {name: lambda body=body: send(body, timeout=120) for name, body in bodies.items()}
    times = interleaved(calls, rounds)
    ratios = [full / ranked for full, ranked in zip(*times.values(), strict=True)]
    table = Table(title=f"{candidates} candidates, {rounds} rounds: median (quartiles)")
    for heading in ("", "ms", "candidates a second", "request bytes"):
        table.add_column(heading, justify="right")
    for name, values in times.items():
        rate = candidates / statistics.median(values)
        milliseconds = quartiles([value * 1e3 for value in values])
        table.add_row(name, milliseconds, f"{rate:,.0f}", f"{len(bodies[name]):,}")
    console.print(table)
    data = len(bodies["predict"]) / len(bodies["rank"])
    console.print(f"rank over predict: {quartiles(ratios)} x the rate, {data:.0f}x less data")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--candidates", type=int, nargs="+", default=[100, 500])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--model", type=Path, help="keep the exported model here, and use it again")
    options = parser.parse_args()
    console = Console(width=100)
    packages = ("tensorflow", "grpcio", "numpy")
    versions = ", ".join(f"{package} {version(package)}" for package in packages)
    load = os.getloadavg()[0]
    console.print(f"{os.cpu_count()} cores, load {load:.1f}, Python {platform.python_version()}")
    console.print(versions)
    with TemporaryDirectory() as scratch:
        model = options.model or Path(scratch, "rank")
        if not (model / "1").is_dir():
            export(model)
        with server(model):
            for candidates in options.candidates:
                compare(candidates, options.rounds, console)


if __name__ == "__main__":
    main()
