"""What a process does with memory that it has freed, in processes of their own."""

import subprocess
import sys

import pytest

from infnet_keras.cli.keep_memory import OFF

# Faults of the pages that ten arrays of 40 MB touch, one after the other.
PROGRAM = """
import resource, sys
import numpy as np
from infnet_keras.cli.keep_memory import keep_memory
print(keep_memory())
np.ones(10_000_000, "float32")
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    np.ones(10_000_000, "float32")
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize(("off", "kept"), [("", True), ("1", False)])
def test_pages_are_touched_once(off, kept, monkeypatch):
    monkeypatch.setenv(OFF, off)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, text=True, capture_output=True
    )
    told, faults = done.stdout.split()
    assert told == str(kept)
    assert (int(faults) < 100) == kept
