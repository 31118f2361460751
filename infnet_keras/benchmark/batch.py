"""The batch that all contenders of a setting have."""

from typing import Any, NamedTuple

import keras
import numpy as np

from infnet_keras.benchmark.setting import Setting
from infnet_keras.benchmark.shapes import rows_of
from infnet_keras.spec import FeatureSpec
from infnet_keras.testing import random_inputs

_SEED = 0
# The tokens of INFNet's state, as they enter the first block.
_SCALE = 0.5


class Batch(NamedTuple):
    """Random ids and labels, on the device.

    Attributes:
        inputs: input name -> int32, every history of full length.
        labels: task -> float32 [batch], 0.0 or 1.0.
    """

    inputs: dict[str, Any]
    labels: dict[str, Any]


def batch_of(setting: Setting, spec: FeatureSpec) -> Batch:
    """The batch of a setting, the same whenever it is asked for."""
    ids = random_inputs(spec, rows_of(spec), setting.batch, history="full", seed=_SEED)
    draws = np.random.default_rng(_SEED)
    labels = {task: draws.integers(0, 2, setting.batch).astype("float32") for task in spec.tasks}
    return Batch(_on_device(ids), _on_device(labels))


def tokens_of(setting: Setting, model: Any) -> tuple[dict[str, Any], Any]:
    """Random tokens and proxies as an INFNet's first block receives them, and the mask of S."""
    spec, options = model.spec, model.spec.model
    steps = sum(each.length for each in model.token_inputs)
    rows = {
        "categorical": len(spec.fields),
        "sequence": steps,
        "categorical_proxies": options.categorical_proxies,
        "sequence_proxies": options.sequence_proxies or len(model.token_inputs),
        "shared_tasks": options.shared_task_tokens,
        "tasks": len(spec.tasks),
    }
    draws = np.random.default_rng(_SEED)
    tokens = {
        name: draws.normal(0.0, _SCALE, (setting.batch, count, spec.dim)).astype("float32")
        for name, count in rows.items()
    }
    dtype = model.compute_dtype
    found = {name: keras.ops.cast(each, dtype) for name, each in _on_device(tokens).items()}
    return found, keras.ops.ones((setting.batch, steps), dtype="bool")


def _on_device(arrays: dict[str, Any]) -> dict[str, Any]:
    return {name: keras.ops.convert_to_tensor(each) for name, each in arrays.items()}
