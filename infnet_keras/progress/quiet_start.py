"""TensorFlow's start-up notes, kept from a user's screen."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def quiet_start() -> Iterator[None]:
    """Hold back what TensorFlow writes to standard error while it is imported.

    Its start-up notes (no GPU found, kernels chosen) come from C++ before any log level applies.
    If the import fails they are written after all. What Python writes there meanwhile is not held
    back.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            with _python_writes_to(kept):
                yield
        except BaseException:
            held_back.seek(0)
            os.write(kept, held_back.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(kept, 2)
            os.close(kept)


@contextmanager
def _python_writes_to(descriptor: int) -> Iterator[None]:
    """Let `sys.stderr` go elsewhere than what C++ writes, if it is the process's own."""
    own = sys.stderr
    if own is not sys.__stderr__:  # a test's, a notebook's
        yield
        return
    with open(descriptor, "w", buffering=1, closefd=False) as kept:
        sys.stderr = kept
        try:
            yield
        finally:
            sys.stderr = own
