"""Example rows of a log, kept beside what was prepared or trained: they are users' data."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from infnet_keras.errors import DataError
from infnet_keras.files.whole_file import write_whole

_LARGEST_FLOAT = float(np.finfo(np.float32).max)
RAW_EXAMPLES = "raw_examples.json"
"""A raw `predict` batch of a few rows: lists by input name, as `raw_inputs` says."""


def raw_examples_text(examples: dict[str, Any]) -> str:
    """JSON, which has no NaN and no infinity: a missing float is null, an infinite one the largest
    float32, which is in the same bucket.
    """
    return json.dumps(_plain(examples), allow_nan=False)


def save_raw_examples(directory: Path, examples: dict[str, Any] | None) -> None:
    """Write the rows into a directory; without any, remove what an earlier call has written."""
    path = directory / RAW_EXAMPLES
    if examples is None:
        path.unlink(missing_ok=True)
    else:
        text = raw_examples_text(examples)
        write_whole(path, lambda partial: partial.write_text(text, "utf-8"))


def load_raw_examples(directory: Path) -> dict[str, Any] | None:
    """Read what `save_raw_examples` wrote; None where there is no file.

    Raises:
        DataError: the file holds no rows.
    """
    path = directory / RAW_EXAMPLES
    try:
        found = json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read ({error}): write it anew, or delete it") from error
    if not isinstance(found, dict):
        raise DataError(f"{path} holds no columns by name: write it anew, or delete it")
    return found


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isinf(value):
        return math.copysign(_LARGEST_FLOAT, value)
    return None if isinstance(value, float) and math.isnan(value) else value
