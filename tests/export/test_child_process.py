import time
from pathlib import Path

import pytest

from infnet_keras.errors import ExportError
from infnet_keras.export.child_process import exit_code, run_module


def write(directory: Path, code: str) -> None:
    (directory / "some_module.py").write_text(code)


def test_the_child_runs_under_tensorflow_on_the_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        "import os, sys\n"
        "from infnet_keras.errors import ExportError\n"
        "names = ('KERAS_BACKEND', 'CUDA_VISIBLE_DEVICES')\n"
        "open(sys.argv[1], 'w').write(' '.join(os.environ[name] for name in names))\n",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("KERAS_BACKEND", "jax")
    run_module("some_module", tmp_path / "written")
    assert (tmp_path / "written").read_text() == "tensorflow -1"


def test_its_error_is_the_caller_s(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(
        tmp_path,
        "import sys\n"
        "from infnet_keras.errors import DataError\n"
        "from infnet_keras.export.child_process import exit_code\n"
        "def main():\n    raise DataError('column x, café')\n"
        "print('noise', file=sys.stderr)\n"
        "sys.exit(exit_code(main))\n",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ExportError) as caught:
        run_module("some_module")
    assert str(caught.value) == "column x, café"


def test_a_crash_shows_its_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "raise RuntimeError('out of luck')\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(ExportError, match=r"(?s)some_module ended with code 1:.*out of luck"):
        run_module("some_module")


def test_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise ExportError("no such thing")

    assert exit_code(lambda: None) == 0
    assert exit_code(fail) == 3
    assert capsys.readouterr().out == "no such thing\n"


def test_what_a_child_does_is_said_when_it_does_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(
        tmp_path,
        "import sys, time\n"
        "from infnet_keras.errors import DataError\n"
        "from infnet_keras.export.child_process import exit_code, now_at\n"
        "def main():\n"
        "    now_at('loading')\n"
        "    time.sleep(0.5)\n"
        "    now_at('comparing')\n"
        "    raise DataError('two lines\\nof error')\n"
        "sys.exit(exit_code(main))\n",
    )
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    said: list[tuple[str, float]] = []
    with pytest.raises(ExportError) as caught:
        run_module("some_module", at=lambda what: said.append((what, time.monotonic())))
    assert str(caught.value) == "two lines\nof error"
    (first, then), (second, later) = said
    assert (first, second) == ("loading", "comparing")
    assert later - then > 0.3
