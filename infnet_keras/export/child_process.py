"""Runs a module of this package in a fresh process under TensorFlow."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from infnet_keras.errors import ExportError, InfnetError

_PACKAGE_ROOT = Path(__file__).parents[2]
_REFUSED = 3


def run_module(module: str, *arguments: str | Path) -> None:
    """Run `python -m module arguments` under TensorFlow, on the CPU, and wait for it.

    Raises:
        ExportError: what the module's `main` raised as one, else the end of what it printed.
    """
    path = os.pathsep.join(filter(None, [str(_PACKAGE_ROOT), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        env={
            **os.environ,
            "PYTHONPATH": path,
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            # The parent may hold the accelerator's memory; a SavedModel has no device of its own.
            "CUDA_VISIBLE_DEVICES": "-1",
        },
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == _REFUSED:
        raise ExportError(done.stdout.strip())
    if done.returncode != 0:
        last = "\n".join(done.stderr.strip().splitlines()[-20:])
        raise ExportError(f"{module} ended with code {done.returncode}:\n{last}")


def exit_code(main: Callable[[], None]) -> int:
    """Run a child's `main`; an error that is the input's fault is printed for the parent."""
    try:
        main()
    except InfnetError as error:
        print(error)
        return _REFUSED
    return 0
