import os
import subprocess
import sys
from pathlib import Path

import pytest

from infnet_keras.cli import main


def error_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that fails says, in one line."""
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    *meanwhile, line = captured.err.splitlines()
    assert all(said.startswith(("starting ", "loading ")) for said in meanwhile)
    assert line.startswith("error: ")
    return line


def test_a_missing_spec(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert "no file" in error_of(capsys, "spec", "check", str(tmp_path / "none.yaml"))


def test_an_unknown_key_names_its_line(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("extends: minimal\nmodel: {blokcs: 3}\n")
    line = error_of(capsys, "spec", "check", str(tmp_path / "spec.yaml"))
    assert "spec.yaml:2" in line
    assert "blokcs" in line
    assert "blocks" in line


@pytest.mark.parametrize(
    ("replacement", "said"),
    [
        ("model.dim", "KEY=VALUE"),
        ("=3", "KEY=VALUE"),
        ("model.dmi=3", "'dim'"),
        ("model.dim=wide", "model.dim"),
        ("model.tower_hidden=[3", "YAML"),
    ],
)
def test_a_wrong_set(capsys: pytest.CaptureFixture[str], replacement: str, said: str) -> None:
    assert said in error_of(capsys, "spec", "check", "minimal", "--set", replacement)


def test_missing_raw_logs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = f"data prepare --spec minimal --raw {tmp_path} --out {tmp_path}/out"
    days = ["--valid-from", "2024-01-02", "--test-from", "2024-01-03"]
    assert "events.csv" in error_of(capsys, *command.split(), *days)


def test_data_that_are_not_prepared(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    command = f"train --spec minimal --data {tmp_path} --run {tmp_path / 'run'}"
    assert "infnet data prepare" in error_of(capsys, *command.split())
    assert not (tmp_path / "run").exists()


def test_a_run_without_a_model(capsys: pytest.CaptureFixture[str], tmp_path: Path, data: Path):
    command = f"evaluate --run {tmp_path} --data {data}"
    assert "no model.keras" in error_of(capsys, *command.split())


def test_a_request_that_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    command = ("predict", "--model", str(tmp_path), "--json", str(request))
    assert "No such file" in error_of(capsys, *command)
    request.write_text("{")
    assert "not JSON" in error_of(capsys, *command)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("", "COMMAND"),
        ("trian", "invalid choice: 'trian'"),
        ("train --spec minimal", "--data, --run"),
        ("evaluate --run somewhere", "--run, --data"),
        ("train --spec minimal --data d --run r --backend theano", "invalid choice: 'theano'"),
    ],
)
def test_wrong_arguments(capsys: pytest.CaptureFixture[str], command: str, said: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(command.split())
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def in_process(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.backend("torch")  # processes of their own: once is enough
class TestBackends:
    START = "from infnet_keras.cli.backend import start_backend; start_backend({}); "
    REPORT = (
        "import sys; from infnet_keras.errors import ModelError\n"
        "try: {}\n"
        "except ModelError as error: print(error)"
    )

    def test_the_argument_beats_the_environment(self) -> None:
        code = self.START.format("'torch'") + "import keras; print(keras.backend.backend())"
        assert in_process(code, KERAS_BACKEND="jax").stdout == "torch\n"

    @pytest.mark.parametrize("backend", ["tensorflow", "jax", "torch"])
    def test_a_backend_that_is_not_installed(self, backend: str) -> None:
        start = f"sys.modules['{backend}'] = None; " + self.START.format(f"'{backend}'")
        done = in_process(self.REPORT.format(start))
        assert f"pip install 'infnet-keras[{backend}]'" in done.stdout, done.stderr

    @pytest.mark.parametrize("backend", ["theano", "numpy"])
    def test_a_backend_that_cannot_train(self, backend: str) -> None:
        done = in_process(self.REPORT.format(self.START.format("None")), KERAS_BACKEND=backend)
        assert "choose one of tensorflow, jax, torch" in done.stdout, done.stderr

    def test_a_second_backend_in_one_process(self) -> None:
        start = self.START.format("'torch'") + "start_backend('jax')"
        assert "already runs on torch" in in_process(self.REPORT.format(start)).stdout


def test_a_reader_that_goes_away_is_no_error() -> None:
    infnet = subprocess.Popen(
        [sys.executable, "-m", "infnet_keras.cli", "spec", "schema"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert infnet.stdout is not None
    assert infnet.stderr is not None
    infnet.stdout.close()
    assert infnet.stderr.read() == b""
    assert infnet.wait(timeout=60) == 141
