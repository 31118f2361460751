"""`infnet serve`: from the command line to an answer, and to a clean end."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.cli import main

PATIENCE = 120.0


def adder(number: float) -> Any:
    import tensorflow as tf

    module = tf.Module()
    module.number = tf.Variable(number)
    module.add = tf.function(
        lambda x: {"y": x + module.number},
        input_signature=[tf.TensorSpec([None], tf.float32, "x")],
    )
    return module


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two models with a version each, that add 1 and 2."""
    import tensorflow as tf

    directory = tmp_path_factory.mktemp("models")
    for name, number in (("one", 1.0), ('two"quoted', 2.0)):
        module = adder(number)
        tf.saved_model.save(module, str(directory / name / "1"), signatures=module.add)
    return directory


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def serve(*arguments: str) -> tuple[subprocess.Popen[bytes], int]:
    rest, rpc = free_port(), free_port()
    ports = [f"--rest_api_port={rest}", "--port", str(rpc)]
    command = [sys.executable, "-m", "infnet_keras.cli", "serve", *arguments, *ports]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL), rest


def ask(process: subprocess.Popen[bytes], url: str, body: Any = None) -> Any:
    """The answer, asked for again until the server is there."""
    end = time.monotonic() + PATIENCE
    data = None if body is None else json.dumps(body).encode()
    while True:
        assert process.poll() is None, f"the server ended with {process.returncode}"
        try:
            with urllib.request.urlopen(url, data, timeout=PATIENCE) as answer:
                return json.load(answer)
        except urllib.error.URLError:
            assert time.monotonic() < end
            time.sleep(0.1)


def test_models_are_served_until_the_process_is_told_to_stop(models: Path) -> None:
    named = [
        part for name in ("one", 'two"quoted') for part in ("--model", f"{name}={models / name}")
    ]
    process, port = serve(*named)
    try:
        base = f"http://127.0.0.1:{port}/v1/models"
        one = ask(process, f"{base}/one:predict", {"instances": [5.0]})
        two = ask(process, f"{base}/two%22quoted:predict", {"instances": [5.0]})
        assert (one, two) == ({"predictions": [6.0]}, {"predictions": [7.0]})
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) == 0


def test_a_directory_that_is_not_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--model", f"m={tmp_path / 'none'}"]) == 2
    assert f"there is no directory {tmp_path / 'none'}" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["m", "=dir", "m="])
def test_a_model_is_a_name_and_a_directory(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["serve", "--model", text])
    assert "is not NAME=DIR" in capsys.readouterr().err


def test_other_commands_take_no_unknown_arguments(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["spec", "schema", "--rest_api_port=1"])
    assert "unrecognized arguments: --rest_api_port=1" in capsys.readouterr().err


SERVE = """
import sys
import infnet_keras.progress.progress as module
module.FIRST, module._LOOKS = 0.01, 0.005
from serving.server.__main__ import main
sys.exit(main(sys.argv[1:]))
"""


def test_the_log_says_what_the_server_does_until_it_is_there(models: Path) -> None:
    flags = ["--port=0", f"--rest_api_port={free_port()}"]
    named = ["--model_name=one", f"--model_base_path={models / 'one'}"]
    command = [sys.executable, "-c", SERVE, *flags, *named]
    lines: list[str] = []
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            lines.append(line)
            if "Exporting HTTP/REST API" in line:
                break
        process.send_signal(signal.SIGTERM)
        process.stderr.read()
    said = "".join(lines)
    assert said.index("] Starting TensorFlow\n") < said.index("Successfully loaded servable")
    assert "] Loading the models: " in said
