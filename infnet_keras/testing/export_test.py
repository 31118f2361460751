"""Exports a model and asks the result from a process that never saw the model."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from infnet_keras.export import export_saved_model
from infnet_keras.export.drawn_examples import drawn_examples
from infnet_keras.export.tolerance import TOLERANCE, answer_scales, tolerated
from infnet_keras.features import RowTransform, read_raw

_FRESH_PROCESS = """
import json, sys
import tensorflow as tf
from infnet_keras.export.predict import answer, load
rows, columns = json.load(sys.stdin)
path = sys.argv[1]
loaded = load(path)
variables = tf.train.list_variables(path + "/variables/variables")
json.dump(
    {
        "columns": answer(loaded, columns)["outputs"],
        "rows": answer(loaded, rows)["predictions"],
        "shapes": [shape for name, shape in variables if name.startswith("model_variables")],
        "others": [name for name, _ in variables if not name.startswith("model_variables")],
        "models": [name for name in sys.modules if name.startswith("infnet_keras.models")],
    },
    sys.stdout,
)
"""


def run_export_test(
    model: Any,
    directory: Path,
    examples: Mapping[str, Any] | None = None,
    tolerance: float = TOLERANCE,
) -> Path:
    """Assert that a model exports, on whichever backend it is, and that the export agrees with it.

    A fresh process under TensorFlow answers the example rows from the SavedModel, by column and by
    row. Its answers must be the model's own, computed here from the NumPy transform's ids;
    its variables must be the model's weights and nothing else.

    Args:
        model: a float32 model with assets.
        directory: an empty directory to export into.
        examples: raw rows as JSON lists; drawn ones by default.
        tolerance: the largest difference allowed between two probabilities, and, in proportion,
            between two numbers of a regression: see `tolerated`.

    Returns:
        The path of the exported version.

    Raises:
        AssertionError: the export differs from the model.
        ExportError: the export itself fails.

    Example:
        >>> run_export_test(model, tmp_path)
    """
    examples = drawn_examples(model.spec, model.assets) if examples is None else examples
    path = export_saved_model(model, directory, examples=examples)
    assert path == directory / "1", path
    assert [entry.name for entry in directory.iterdir()] == ["1"]

    transform = RowTransform(model.spec, model.assets)
    ids = transform(read_raw(transform.inputs, examples))
    expected = model.predict(ids, verbose=0)
    rows = [dict(zip(examples, row, strict=True)) for row in zip(*examples.values(), strict=True)]
    found = _ask(path, [{"instances": rows}, {"inputs": dict(examples)}])

    scales = answer_scales(model.spec)
    single = next(iter(expected)) if len(expected) == 1 else None
    for task, values in expected.items():
        by_column = found["columns"] if single else found["columns"][task]
        by_row = found["rows"] if single else [row[task] for row in found["rows"]]
        allowed = tolerated(values, scales.get(task)) * (tolerance / TOLERANCE)
        for answers in (by_column, by_row):
            beyond = (np.asarray(answers) - values) / allowed
            np.testing.assert_allclose(beyond, 0, rtol=0, atol=1, err_msg=task)

    learnt = model.task_uncertainty.weights if model.task_uncertainty is not None else []
    weights = [w for w in model.weights if all(w is not other for other in learnt)]
    assert sorted(found["shapes"]) == sorted([list(w.shape) for w in weights])
    assert found["others"] == ["_CHECKPOINTABLE_OBJECT_GRAPH"], found["others"]
    assert found["models"] == [], found["models"]
    return path


def _ask(path: Path, payloads: list[dict[str, Any]]) -> Any:
    done = subprocess.run(
        [sys.executable, "-c", _FRESH_PROCESS, str(path)],
        input=json.dumps(payloads),
        env={
            **os.environ,
            "KERAS_BACKEND": "tensorflow",
            "TF_CPP_MIN_LOG_LEVEL": "3",
            "CUDA_VISIBLE_DEVICES": "-1",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
