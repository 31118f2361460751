"""A saved model is the model."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from infnet_keras.testing.run_model import run_model


def run_model_saving_test(model: keras.Model, inputs: Mapping[str, Any], directory: Path) -> Any:
    """Save to a `.keras` file, load it, and assert that config, weights and outputs are the same.

    Args:
        model: a built multi-task model; its outputs are a dict.
        inputs: a batch of model inputs.
        directory: where the file is written.

    Returns:
        The loaded model, for further checks.

    Raises:
        AssertionError: the loaded model differs.

    Example:
        >>> inputs = random_inputs(model.spec, model.table_rows, batch=4)
        >>> loaded = run_model_saving_test(model, inputs, tmp_path)
    """
    path = directory / "model.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    assert type(loaded) is type(model)
    assert loaded.get_config() == model.get_config()
    for found, expected in zip(loaded.variables, model.variables, strict=True):
        np.testing.assert_array_equal(
            ops.convert_to_numpy(found.value),
            ops.convert_to_numpy(expected.value),
            err_msg=expected.path,
        )
    outputs, expected_outputs = run_model(loaded, inputs), run_model(model, inputs)
    assert outputs.keys() == expected_outputs.keys()
    for name, output in expected_outputs.items():
        np.testing.assert_allclose(
            ops.convert_to_numpy(outputs[name]),
            ops.convert_to_numpy(output),
            rtol=1e-6,
            err_msg=f"output {name}",
        )
    return loaded
