"""What a run was trained with: versions, platform, command."""

import platform
import shlex
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras

_PACKAGES = ("infnet-keras", "keras", "numpy", "pyarrow", "pydantic")


def describe_environment() -> dict[str, Any]:
    """Versions, backend, platform, command line and the time now, as JSON data.

    `finished` is None: the run fills it in when it ends.
    """
    backend = keras.backend.backend()
    return {
        "started": now(),
        "finished": None,
        "command": shlex.join(sys.argv),
        "backend": backend,
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": {name: _version(name) for name in (*_PACKAGES, backend)},
    }


def now() -> str:
    """The time now, in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _version(package: str) -> str | None:
    """The installed version; None for a package that runs from its source tree."""
    try:
        return version(package)
    except PackageNotFoundError:
        return None
