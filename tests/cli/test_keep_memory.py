"""What a process does with memory that it has freed, in processes of their own."""

import subprocess
import sys

import pytest

from infnet_keras.cli.keep_memory import OFF

# Faults of the pages that three arrays of 240 MB touch, one after the other.
PROGRAM = """
import resource, sys
import numpy as np
from infnet_keras.cli.keep_memory import keep_memory
print(keep_memory())
"""
COUNT = """
np.ones(60_000_000, "float32")
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(3):
    np.ones(60_000_000, "float32")
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.parametrize(("off", "kept"), [("", True), ("1", False)])
def test_pages_are_touched_once(off, kept, monkeypatch):
    monkeypatch.setenv(OFF, off)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + COUNT], check=True, text=True, capture_output=True
    )
    told, faults = done.stdout.split()
    assert told == str(kept)
    assert (int(faults) < 100) == kept


FIT = """
import keras
from infnet_keras.cli.backend import start_backend
start_backend("tensorflow")
class Rows(keras.utils.PyDataset):
    def __len__(self):
        return 2
    def __getitem__(self, index):
        return np.ones((4, 3)), np.ones(4)
model = keras.Sequential([keras.layers.Dense(1)])
model.compile("sgd", "mse", jit_compile=False)
model.fit(Rows(), verbose=0)
"""


@pytest.mark.backend("tensorflow")
def test_also_after_a_fit_of_tensorflow():
    """Whose data set of a generator sets glibc back."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM + FIT + COUNT], check=True, text=True, capture_output=True
    )
    assert int(done.stdout.split()[-1]) < 100
