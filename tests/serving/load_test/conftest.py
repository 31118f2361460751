"""The embedded server with a small model that ranks, and HTTP servers that stall."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import pytest
from load_test_servers import REPOSITORY, OneAtATime, Served, StartServer

from serving.client import RestClient


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The embedded server with the model `small`: a user's age times an item's price."""
    model = tmp_path_factory.mktemp("models") / "small"
    _write_model(model / "7")
    rest, grpc = _free_port(), _free_port()
    command = [sys.executable, "-m", "serving.server", "--model_name=small"]
    command += [f"--model_base_path={model}", f"--rest_api_port={rest}", f"--port={grpc}"]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}
    with (model.parent / "server.log").open("wb") as log:
        server = subprocess.Popen(command, cwd=REPOSITORY, env=environment, stdout=log, stderr=log)
    try:
        with RestClient(f"http://127.0.0.1:{rest}", "small") as client:
            client.wait_until_available(300.0)
        yield Served(f"127.0.0.1:{rest}", f"127.0.0.1:{grpc}", model)
    finally:
        server.terminate()
        server.wait()


def _write_model(path: Path) -> None:
    import tensorflow as tf

    age, count = (tf.TensorSpec([None], tf.int64, name) for name in ("age", "candidate_count"))
    listed = tf.TensorSpec([None, None], tf.string, "seen")
    price = {axes: tf.TensorSpec([None] * axes, tf.float32, "price") for axes in (1, 2)}

    @tf.function(input_signature=[age, listed, price[1]])
    def predict(age: Any, seen: Any, price: Any) -> Any:
        tf.debugging.assert_non_negative(age, "age")
        return {"buy": tf.cast(age, tf.float32) * price}

    @tf.function(input_signature=[age, listed, price[2], count])
    def rank(age: Any, seen: Any, price: Any, candidate_count: Any) -> Any:
        return {"buy": tf.cast(age, tf.float32)[:, None] * price}

    tf.saved_model.save(tf.Module(), str(path), signatures={"predict": predict, "rank": rank})
    instances = [
        {"age": 30, "seen": ["a", "b"], "price": 1.5},
        {"age": 40, "seen": [], "price": 2.5},
    ]
    file = path / "assets.extra" / "example_request.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"signature_name": "predict", "instances": instances}))


@pytest.fixture
def one_at_a_time() -> StartServer:
    """Starts an HTTP server; it is told how many seconds each request, by its number, takes."""

    @contextmanager
    def start(takes: Callable[[int], float]) -> Iterator[OneAtATime]:
        turn, begun = Lock(), []

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["Content-Length"]))
                with turn:
                    begun.append(time.perf_counter())
                    time.sleep(takes(len(begun) - 1))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                """Nothing to the terminal."""

        class Server(ThreadingHTTPServer):
            daemon_threads = True
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                """A client that went away is expected here."""

        server = Server(("127.0.0.1", 0), Handler)
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield OneAtATime(f"127.0.0.1:{server.server_port}", begun)
        finally:
            server.shutdown()
            server.server_close()

    return start


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
