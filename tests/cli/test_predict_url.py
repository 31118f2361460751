"""`infnet predict --url` against the embedded server, over REST and gRPC."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infnet_keras.cli import main
from serving.client import RestClient

pytestmark = pytest.mark.backend("tensorflow")
REPOSITORY = Path(__file__).parents[2]
REQUEST = {"instances": [{"x": 1.0, "name": "a"}, {"x": None, "name": "bcd"}]}
NAN = float("nan")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two versions of a model with the signature `predict`."""
    import tensorflow as tf

    root = tmp_path_factory.mktemp("served")
    takes = [tf.TensorSpec([None], tf.float32, "x"), tf.TensorSpec([None], tf.string, "name")]
    for version in (1, 2):

        @tf.function(input_signature=takes)
        def predict(x: Any, name: Any, factor: float = float(version)) -> Any:
            return {"product": x * factor, "letters": tf.strings.length(name)}

        path = str(root / "plain" / str(version))
        tf.saved_model.save(tf.Module(), path, signatures={"predict": predict})
    return root / "plain"


@pytest.fixture(scope="module")
def ports(models: Path) -> Iterator[tuple[int, int]]:
    """Where the latest version is served: the ports of REST and of gRPC."""
    rest, grpc = free_port(), free_port()
    command = [sys.executable, "-m", "serving.server", "--model_name=plain"]
    flags = [f"--model_base_path={models}", f"--rest_api_port={rest}", f"--port={grpc}"]
    with (models.parent / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, *flags],
            cwd=REPOSITORY,
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"},
            stdout=log,
            stderr=log,
        )
    try:
        with RestClient(f"http://localhost:{rest}", "plain") as client:
            client.wait_until_available(120.0)
        yield rest, grpc
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(params=["http://localhost:{0}/v1/models/", "grpc://localhost:{1}/"])
def base(request: pytest.FixtureRequest, ports: tuple[int, int]) -> str:
    template: str = request.param
    return template.format(*ports)


@pytest.fixture
def request_file(tmp_path: Path) -> Path:
    file = tmp_path / "request.json"
    file.write_text(json.dumps(REQUEST))
    return file


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["predict", *arguments]) == 0
    return capsys.readouterr().out


def test_it_prints_what_the_model_s_directory_answers(
    capsys: pytest.CaptureFixture[str], base: str, models: Path, request_file: Path
) -> None:
    file = str(request_file)
    expected = printed(capsys, "--model", str(models), "--json", file)
    assert json.loads(expected)["predictions"][0] == {"letters": 1, "product": 2.0}
    for name in ("plain", "plain/versions/2"):
        assert printed(capsys, "--url", f"{base}{name}", "--json", file) == expected


def test_columns(capsys: pytest.CaptureFixture[str], base: str, request_file: Path) -> None:
    request_file.write_text(json.dumps({"inputs": {"x": [1.5, 2], "name": ["", "é"]}}))
    answer = json.loads(printed(capsys, "--url", f"{base}plain", "--json", str(request_file)))
    assert answer == {"outputs": {"letters": [0, 2], "product": [3.0, 4.0]}}


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("unheard", REQUEST, "unheard"),
        ("plain/versions/7", REQUEST, "7"),
        ("plain", {"instances": [{"x": 1.0}]}, "row 0 lacks 'name'; signature 'predict' takes"),
        ("plain", {"instances": [{"x": 1, "nmae": ""}]}, "did you mean 'name'?"),
        ("plain", {"input": 1}, "found input"),
        ("plain/versions/last", REQUEST, "no address of a served model"),
    ],
)
def test_errors_are_sentences(
    capsys: pytest.CaptureFixture[str],
    base: str,
    request_file: Path,
    name: str,
    body: Any,
    said: str,
) -> None:
    request_file.write_text(json.dumps(body))
    assert main(["predict", "--url", f"{base}{name}", "--json", str(request_file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert said in captured.err


@pytest.mark.parametrize("template", ["http://localhost:{}/v1/models/m", "grpc://localhost:{}/m"])
def test_no_server(capsys: pytest.CaptureFixture[str], request_file: Path, template: str) -> None:
    url = template.format(free_port())
    assert main(["predict", "--url", url, "--json", str(request_file)]) == 2
    assert "Is the server running" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "one of the arguments --model --url is required"),
        (["--model", "m", "--url", "u"], "argument --url: not allowed with argument --model"),
    ],
)
def test_exactly_one_of_model_and_url(
    capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["predict", *asked, "--json", "-"])
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_rest_needs_no_tensorflow(ports: tuple[int, int], request_file: Path) -> None:
    url = f"http://localhost:{ports[0]}/v1/models/plain"
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None\n"
        "from infnet_keras.cli import main\n"
        f"sys.exit(main(['predict', '--url', {url!r}, '--json', {str(request_file)!r}]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout)["predictions"][0] == {"letters": 1, "product": 2.0}
