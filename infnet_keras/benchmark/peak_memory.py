"""The memory that a contender needs, each measured in a process of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import keras

from infnet_keras.benchmark.contender import Entry
from infnet_keras.benchmark.setting import Setting
from infnet_keras.errors import ModelError


class Peak(NamedTuple):
    """Bytes at most, of the device's memory or of the process', beyond what its imports take.

    None where the system does not tell.

    Attributes:
        forward: weights, batch and a forward pass.
        training: weights, batch and a training step.
    """

    forward: int | None
    training: int | None


def peak_memory(entry: Entry, setting: Setting, sources: Path | None = None) -> Peak:
    """What a process needs that runs one contender and nothing else.

    Args:
        entry, setting, sources: as `make_contender` takes them.

    Raises:
        ModelError: the process did not end well.
    """
    job = {
        "entry": entry._asdict(),
        "setting": setting._asdict(),
        "sources": None if sources is None else str(sources),
    }
    # On a GPU no memory may be taken ahead.
    environment = {
        **os.environ,
        "KERAS_BACKEND": keras.backend.backend(),
        "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        "TF_FORCE_GPU_ALLOW_GROWTH": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", "infnet_keras.benchmark.measure_peak"],
        input=json.dumps(job),
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise ModelError(
            f"the process that measures the memory of {entry.name} ({entry.part}) ended with "
            f"{done.returncode}: {said[-1] if said else 'it said nothing'}; give a smaller "
            "--batch, or --without-memory"
        )
    return Peak(**json.loads(done.stdout.splitlines()[-1]))
