"""Holds a SavedModel to the answers of the model that it came from.

Run as `python -m infnet_keras.export.parity SAVED_MODEL REFERENCE` in a process of its own, which
never sees the model: what TF Serving will see.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from infnet_keras.errors import DataError, ExportError
from infnet_keras.export.child_process import exit_code, now_at
from infnet_keras.export.examples import serialized_examples
from infnet_keras.export.predict import call, load
from infnet_keras.export.reference import Reference
from infnet_keras.export.sample_requests import Columns
from infnet_keras.export.tolerance import answer_scales, tolerated
from infnet_keras.export.warmup import read_warmup
from infnet_keras.request.encode import check_rows
from infnet_keras.served_names import LOGGED
from infnet_keras.spec import parse_spec

BATCH = 64


def check_parity(
    saved_model: Path, reference: Path, at: Callable[[str], None] | None = None
) -> None:
    """Compare every signature with the reference, and run the warm-up requests.

    Args:
        saved_model: the version's directory.
        reference: the file that holds its `Reference`.
        at: called with what is compared next.

    Raises:
        ExportError: a probability, or a weight of attention, differs by more than 1e-5, or a
            regression's number by more than `tolerated` says (the message names signature, task,
            row and difference), or a request fails.
    """
    at = at or (lambda what: None)
    expected = Reference.load(reference)
    scales = answer_scales(parse_spec(expected.spec))
    at("loading the SavedModel")
    signatures = load(saved_model).signatures
    try:
        at("predict")
        _compare(signatures, "predict", expected.predict, expected.probabilities, scales)
        at("serving_default")
        examples = {"examples": serialized_examples(expected.predict, expected.sent)}
        _compare(signatures, "serving_default", examples, expected.probabilities, scales)
        if expected.logged:
            at(LOGGED)
            rows = {**expected.predict, **expected.logged}
            examples = {"examples": serialized_examples(rows, expected.inputs)}
            _compare(signatures, LOGGED, examples, expected.logged_probabilities, scales)
        if expected.rank:
            at("rank")
            _compare(signatures, "rank", expected.rank, expected.scores, scales)
        if expected.attention:
            at("attention")
            count = len(next(iter(expected.attention.values())))
            first = {name: column[:count] for name, column in expected.predict.items()}
            _compare(signatures, "attention", first, expected.attention, {})
        warmup = read_warmup(saved_model)
        for number, (name, arrays) in enumerate(warmup):
            at(f"warm-up request {number + 1} of {len(warmup)}")
            call(signatures[name], arrays, name)
    except DataError as error:
        raise ExportError(f"the exported model fails on the example rows: {error}") from error


def _compare(
    signatures: dict[str, Any],
    name: str,
    request: Columns,
    expected: Columns,
    scales: dict[str, float],
) -> None:
    check_rows({key: len(column) for key, column in request.items()})
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
        allowed = tolerated(values, scales.get(task))
        _compare_task(name, task, np.concatenate(found[task]), values, allowed)


def _compare_task(
    name: str,
    task: str,
    found: npt.NDArray[Any],
    expected: npt.NDArray[Any],
    allowed: npt.NDArray[Any],
) -> None:
    if found.shape != expected.shape:
        raise ExportError(
            f"signature {name} gives task {task} in shape {found.shape}, not {expected.shape}"
        )
    difference = np.abs(found - expected)
    difference[np.isnan(difference)] = np.inf
    if (difference <= allowed).all():
        return
    worst = np.unravel_index(np.argmax(difference / allowed), difference.shape)
    along = "token" if name == "attention" else "candidate"
    place = f"row {worst[0]}" + (f", {along} {worst[1]}" if len(worst) > 1 else "")
    raise ExportError(
        f"the exported model disagrees with the model: signature {name}, task {task}, {place} of "
        f"the example rows: {found[worst]:.8f} instead of {expected[worst]:.8f}, a difference of "
        f"{difference[worst]:.2e} where at most {allowed[worst]:.0e} is allowed"
    )


if __name__ == "__main__":
    sys.exit(exit_code(lambda: check_parity(Path(sys.argv[1]), Path(sys.argv[2]), now_at)))
