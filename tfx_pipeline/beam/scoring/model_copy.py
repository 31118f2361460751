"""An exported model as a local directory, wherever it is kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from infnet_keras.errors import ExportError
from tfx_pipeline.beam.storage import is_local, storage_of

_MODEL = "saved_model.pb"


@contextmanager
def model_copy(model: str) -> Iterator[Path]:
    """A local directory to load a model from, for as long as the block runs.

    Args:
        model: a model directory, of which the highest version counts, or one version of it; of any
            file system that Beam knows.

    Raises:
        ExportError: another file system holds no model there.
    """
    if is_local(model):
        yield Path(model)
        return
    storage = storage_of(model)
    version = model.rstrip("/")
    if not storage.match(version, _MODEL):
        found = [path.split("/")[-2] for path in storage.match(version, f"*/{_MODEL}")]
        numbers = [int(name) for name in found if name.isascii() and name.isdecimal()]
        if not numbers:
            raise ExportError(f"{model} holds no SavedModel, and no version 1, 2, ... with one")
        version = f"{version}/{max(numbers)}"
    with TemporaryDirectory() as scratch:
        for path in {*storage.match(version, "*"), *storage.match(version, "**/*")}:
            copy = Path(scratch, path[len(version) :].lstrip("/"))
            copy.parent.mkdir(parents=True, exist_ok=True)
            with storage.open(path) as stream, copy.open("wb") as file:
                shutil.copyfileobj(stream, file)
        yield Path(scratch)
