"""`infnet predict`: a model's directory and the embedded server, REST and gRPC, answer alike."""

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
        functions = {"predict": predict, "histories": _histories()}
        tf.saved_model.save(tf.Module(), path, signatures=functions)
    return root / "plain"


def _histories() -> Any:
    """Shows what it is given: of each row's first `length` steps the sum, how wide lists are."""
    import tensorflow as tf

    takes = [
        tf.TensorSpec([None], tf.float32, "x"),
        tf.TensorSpec([None, None], tf.int64, "view__item"),
        tf.TensorSpec([None, None], tf.string, "view__tag"),
        tf.TensorSpec([None], tf.int64, "view__length"),
    ]

    @tf.function(input_signature=takes)
    def histories(x: Any, view__item: Any, view__tag: Any, view__length: Any) -> Any:
        real = tf.sequence_mask(view__length, tf.shape(view__item)[1])
        return {
            "items": tf.reduce_sum(tf.where(real, view__item, 0), axis=1),
            "length": view__length,
            "missing": tf.math.is_nan(x),
            "tags": tf.strings.reduce_join(view__tag, axis=1, separator="|"),
        }

    return histories


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


@pytest.fixture(params=["--model", "http://localhost:{0}/v1/models/", "grpc://localhost:{1}/"])
def asked(request: pytest.FixtureRequest, models: Path, ports: tuple[int, int]) -> list[str]:
    """The arguments that name the model: its directory, or where it is served."""
    template: str = request.param
    if template == "--model":
        return [template, str(models)]
    return ["--url", f"{template.format(*ports)}plain"]


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
    ("name", "said"),
    [
        ("unheard", "unheard"),
        ("plain/versions/7", "7"),
        ("plain/versions/last", "no address of a served model"),
    ],
)
def test_errors_are_sentences(
    capsys: pytest.CaptureFixture[str],
    base: str,
    request_file: Path,
    name: str,
    said: str,
) -> None:
    assert main(["predict", "--url", f"{base}{name}", "--json", str(request_file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert said in captured.err


ROW = {"x": 1.0, "view__item": [1, 2, 3], "view__tag": ["a", "b", "é"]}
SHORT = {"x": None, "view__item": [], "view__tag": []}


def histories(*rows: dict[str, Any]) -> dict[str, Any]:
    return {"signature_name": "histories", "instances": list(rows)}


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        (
            histories(ROW, SHORT, {**ROW, "view__length": 2}),
            {
                "predictions": [
                    {"items": 6, "length": 3, "missing": False, "tags": "a|b|é"},
                    {"items": 0, "length": 0, "missing": True, "tags": "||"},
                    {"items": 3, "length": 2, "missing": False, "tags": "a|b|é"},
                ]
            },
        ),
        (
            histories({"x": 2, "view__item": [4], "view__tag": ["a", None], "view__length": None}),
            {"predictions": [{"items": 4, "length": 1, "missing": False, "tags": "a|"}]},
        ),
        (
            {
                "signature_name": "histories",
                "inputs": {
                    "x": [1, 2],
                    "view__item": [[5], [6, 7]],
                    "view__tag": [[{"b64": "YQ=="}], []],
                    "view__length": [None, 0],
                },
            },
            {
                "outputs": {
                    "items": [5, 0],
                    "length": [1, 0],
                    "missing": [False, False],
                    "tags": ["a", ""],
                }
            },
        ),
        ({"inputs": {"x": [3], "name": ["é"]}}, {"outputs": {"letters": [2], "product": [6.0]}}),
    ],
)
def test_the_same_files_are_taken(
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    request_file: Path,
    body: Any,
    answer: Any,
) -> None:
    request_file.write_text(json.dumps(body))
    assert json.loads(printed(capsys, *asked, "--json", str(request_file))) == answer


PREDICT_TAKES = "signature 'predict' takes name: string [any], x: float32 [any]"
TAKES = (
    "signature 'histories' takes view__item: int64 [any, any], view__length: int64 [any], "
    "view__tag: string [any, any], x: float32 [any]"
)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ([], "a request is an object with `instances` (rows) or `inputs` (columns)"),
        (
            {"input": 1},
            "a request has either `instances` (rows) or `inputs` (columns), and may name a "
            "`signature_name`; found input",
        ),
        ({"instances": []}, "`instances` is a list of at least one row"),
        (
            {"inputs": {"x": [], "name": []}},
            "`inputs` has an empty column: a request has at least one row",
        ),
        (
            {"signature_name": "histroies", "instances": [ROW]},
            "the model has no signature 'histroies'; it has histories, predict",
        ),
        ({"instances": [{"x": 1.0}]}, f"row 0 lacks 'name'; {PREDICT_TAKES}"),
        (
            {"instances": [{"x": 1, "nmae": ""}]},
            f"row 0 has 'nmae', which is no input; did you mean 'name'? {PREDICT_TAKES}",
        ),
        ({"inputs": [1, 2]}, f"row 0 is no object of named values; {PREDICT_TAKES}"),
        (
            {"inputs": {"x": [1], "name": ["a", "b"]}},
            "the inputs differ in their number of rows: {'x': 1, 'name': 2}",
        ),
        (
            {"inputs": {"x": ["1"], "name": ["a"]}},
            "x holds '1'; it takes float32, or None for a missing value",
        ),
        ({"inputs": {"x": [[1]], "name": ["a"]}}, "x is nested 2 deep; it is float32 [any]"),
        (
            histories(ROW, {**ROW, "view__length": 4}),
            "view__length is 4 in row 1, but the list of view__item has 3 elements there: a "
            "length counts leading elements of the lists; leave it out to count all",
        ),
        (
            histories({**ROW, "view__length": 1.5}),
            "view__length holds 1.5; it takes int64, or None for a missing value",
        ),
        (
            histories({**ROW, "view__item": [1, "2"]}),
            "view__item holds '2'; it takes int64, or None for a missing value",
        ),
        (
            histories({**ROW, "view__item": 3}),
            "view__item is nested 1 deep; it is int64 [any, any]",
        ),
        (
            histories({**ROW, "view__item": [[1]]}),
            "view__item is nested 3 deep; it is int64 [any, any]",
        ),
        (histories({"x": 1, "view__item": []}), f"row 0 lacks 'view__tag'; {TAKES}"),
    ],
)
def test_the_same_mistakes_are_refused_in_the_same_words(
    capsys: pytest.CaptureFixture[str],
    asked: list[str],
    request_file: Path,
    body: Any,
    said: str,
) -> None:
    request_file.write_text(json.dumps(body))
    assert main(["predict", *asked, "--json", str(request_file)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == f"error: {said}\n"


@pytest.mark.parametrize("template", ["http://localhost:{}/v1/models/m", "grpc://localhost:{}/m"])
def test_no_server(capsys: pytest.CaptureFixture[str], request_file: Path, template: str) -> None:
    url = template.format(free_port())
    assert main(["predict", "--url", url, "--json", str(request_file)]) == 2
    assert "Is the server running" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ([], "one of the arguments --model --run --url is required"),
        (["--model", "m", "--url", "u"], "argument --url: not allowed with argument --model"),
    ],
)
def test_exactly_one_of_model_run_and_url(
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
