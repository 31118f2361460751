"""Runs a module of this package in a fresh process under TensorFlow."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryFile

from infnet_keras.errors import ExportError, InfnetError

_PACKAGE_ROOT = Path(__file__).parents[2]
_REFUSED = 3
_AT = "at: "


def run_module(
    module: str, *arguments: str | Path, at: Callable[[str], None] | None = None
) -> None:
    """Run `python -m module arguments` under TensorFlow, on the CPU, and wait for it.

    Args:
        module: one that ends with `exit_code`.
        arguments: of its `main`.
        at: called with what the module says by `now_at`, when it says it.

    Raises:
        ExportError: what the module's `main` raised as one, else the end of what it printed.
    """
    path = os.pathsep.join(filter(None, [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
    refusal = []
    with TemporaryFile("w+", errors="replace") as errors:
        with subprocess.Popen(
            [sys.executable, "-m", module, *map(str, arguments)],
            env={
                **os.environ,
                "PYTHONPATH": path,
                "KERAS_BACKEND": "tensorflow",
                "TF_CPP_MIN_LOG_LEVEL": "3",
                # The parent may hold the accelerator's memory; a SavedModel has no device of its
                # own.
                "CUDA_VISIBLE_DEVICES": "-1",
            },
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
        ) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if not line.startswith(_AT):
                    refusal.append(line)
                elif at is not None:
                    at(line.removeprefix(_AT).strip())
        if process.returncode == _REFUSED:
            raise ExportError("".join(refusal).strip())
        if process.returncode != 0:
            errors.seek(0)
            last = "\n".join(errors.read().strip().splitlines()[-20:])
            raise ExportError(f"{module} ended with code {process.returncode}:\n{last}")


def now_at(what: str) -> None:
    """Tell the parent of a child's `main` what it does now."""
    print(f"{_AT}{what}", flush=True)


def exit_code(main: Callable[[], None]) -> int:
    """Run a child's `main`; an error that is the input's fault is printed for the parent."""
    try:
        main()
    except InfnetError as error:
        print(error)
        return _REFUSED
    return 0
