"""Holds a SavedModel to the probabilities of the model that it came from.

Run as `python -m infnet_keras.export.parity SAVED_MODEL REFERENCE` in a process of its own, which
has neither the model nor Keras: what TF Serving will see.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError, ExportError
from infnet_keras.export.child_process import exit_code
from infnet_keras.export.examples import serialized_examples
from infnet_keras.export.payload import to_arrays
from infnet_keras.export.predict import call, load
from infnet_keras.export.warmup import read_warmup
from infnet_keras.features.raw_inputs import RawInput

TOLERANCE = 1e-5
BATCH = 64


def check_parity(saved_model: Path, reference: Path) -> None:
    """Compare every signature with the reference, and run the warm-up requests.

    Args:
        saved_model: the version's directory.
        reference: the file that `write_reference` wrote.

    Raises:
        ExportError: a probability differs by more than 1e-5 (the message names signature, task,
            row and difference), or a request fails.
    """
    content = json.loads(reference.read_text(encoding="utf-8"))
    inputs = [RawInput(*fields) for fields in content["inputs"]]
    signatures = load(saved_model).signatures
    try:
        predict = _request(signatures["predict"], content["predict"])
        examples = {"examples": serialized_examples(predict, inputs)}
        _compare(signatures, "predict", predict, content["probabilities"])
        _compare(signatures, "serving_default", examples, content["probabilities"])
        if "rank" in signatures:
            rank = _request(signatures["rank"], content["rank"])
            _compare(signatures, "rank", rank, content["scores"])
        for name, arrays in read_warmup(saved_model):
            call(signatures[name], arrays, name)
    except DataError as error:
        raise ExportError(f"the exported model fails on the example rows: {error}") from error


def _request(signature: Any, columns: Mapping[str, Any]) -> dict[str, npt.NDArray[Any]]:
    return to_arrays({"inputs": columns}, signature.structured_input_signature[1])


def _compare(
    signatures: Mapping[str, Any],
    name: str,
    request: Mapping[str, npt.NDArray[Any]],
    expected: Mapping[str, Any],
) -> None:
    count = len(next(iter(request.values())))
    found: dict[str, list[npt.NDArray[Any]]] = {}
    for start in range(0, count, BATCH):
        chunk = {key: column[start : start + BATCH] for key, column in request.items()}
        for task, values in call(signatures[name], chunk, name).items():
            found.setdefault(task, []).append(values)
    if set(found) != set(expected):
        raise ExportError(
            f"signature {name} gives tasks {', '.join(found)}, the model {', '.join(expected)}"
        )
    for task, values in expected.items():
        _compare_task(name, task, np.concatenate(found[task]), np.array(values))


def _compare_task(
    name: str, task: str, found: npt.NDArray[Any], expected: npt.NDArray[Any]
) -> None:
    if found.shape != expected.shape:
        raise ExportError(
            f"signature {name} gives task {task} in shape {found.shape}, not {expected.shape}"
        )
    difference = np.abs(found - expected)
    difference[np.isnan(difference)] = np.inf
    if difference.size == 0 or difference.max() <= TOLERANCE:
        return
    worst = np.unravel_index(np.argmax(difference), difference.shape)
    place = f"row {worst[0]}" + (f", candidate {worst[1]}" if len(worst) > 1 else "")
    raise ExportError(
        f"the exported model disagrees with the model: signature {name}, task {task}, {place} of "
        f"the example rows: {found[worst]:.8f} instead of {expected[worst]:.8f}, a difference of "
        f"{difference[worst]:.2e} where at most {TOLERANCE:.0e} is allowed"
    )


if __name__ == "__main__":
    sys.exit(exit_code(lambda: check_parity(Path(sys.argv[1]), Path(sys.argv[2]))))
