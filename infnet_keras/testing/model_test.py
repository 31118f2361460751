"""What every registered model must hold to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from infnet_keras.features.assets import Assets, definition_of
from infnet_keras.features.number_spread import NumberSpread
from infnet_keras.models import MODELS, SpecModel
from infnet_keras.spec import spec_from_dict
from infnet_keras.testing.draw_weights import draw_weights
from infnet_keras.testing.model_saving_test import run_model_saving_test
from infnet_keras.testing.random_inputs import random_inputs
from infnet_keras.testing.run_model import run_function, run_model

_ROWS = {"user": 12, "video": 15, "tag": 7, "hour": 26}
_VECTORS = {"file": "vectors.parquet", "key": "id", "column": "vector", "width": 5}
_SPEC: dict[str, Any] = {
    "name": "small",
    "sources": {"log": {"files": "log.csv", "time": {"column": "time"}}},
    "keys": {"user": "user", "item": "video_id"},
    "tables": {
        "video": {"vocabulary": {}, "vectors": {**_VECTORS, "trained": True}},
        "tag": {"vocabulary": {}, "vectors": {**_VECTORS, "trained": True, "only": True}},
    },
    "fields": {
        "user": {"side": "user", "vocabulary": {}, "dim": 4},
        "video_id": {"side": "item", "table": "video"},
        "tag": {"side": "item", "table": "tag", "multivalue": ",", "max_values": 3},
        "hour": {"side": "context", "derive": "hour_of_day"},
        "price": {"side": "item", "numeric": {}},
        "age": {"side": "user", "numeric": {"embedding": "periodic", "frequencies": 3}},
    },
    "sequences": {
        "view": {"length": 4, "attributes": {"video_id": "video", "tag": "tag"}},
        "click": {"length": 3, "when": "click == 1", "attributes": {"video_id": "video"}},
    },
    "tasks": {"click": {"label": "click"}, "like": {"label": "like"}},
}
_REQUESTS, _CANDIDATES = 3, 4
_BATCH = _REQUESTS * _CANDIDATES


def run_model_test(name: str, directory: Path, options: Mapping[str, Any] | None = None) -> None:
    """Assert that a registered model keeps the rules of this project, on a tiny spec.

    The spec has fields and sequences, several values, numbers, vectors, tables of several widths,
    histories that are empty, full and in between.

    - Its config is JSON and gives an equal model back; a `.keras` file gives the model back, with
      its weights, outputs and assets.
    - It gives one finite answer per task and example, and examples differ.
    - `score_candidates` gives what `call` gives row by row.
    - An example's answers do not depend on how far its histories are padded.
    - The padding rows of all tables are never read.
    - A step of training changes every trainable weight.
    - Under mixed_bfloat16 its answers are near float32's; under mixed_float16, which scales the
      loss, a step of training has about float32's loss and leaves every weight finite.

    That it exports is checked by `run_export_test`.

    Args:
        name: of the model, as `model: type` gives it.
        directory: where files are written.
        options: more options of the model: key of `model` -> value.

    Raises:
        AssertionError: the model breaks a rule.

    Example:
        >>> run_model_test("shared_bottom", tmp_path, {"bottom_hidden": [8]})
    """
    block = {"dim": 8, "tower_hidden": [6], **(options or {}), "type": name}
    spec = spec_from_dict({**_SPEC, "model": block})
    model = _make(MODELS[name], spec, "float32")
    inputs = random_inputs(spec, _ROWS, _BATCH)
    answers = _answers(model, inputs)
    _check_answers(model, answers)
    _check_config(model)
    _check_saving(model, inputs, directory)
    _check_candidates(model)
    _check_padding(model, inputs, answers)
    _check_buckets(model, inputs, answers)
    loss = _check_training(model, inputs)
    _check_bfloat16(_make(MODELS[name], spec, "mixed_bfloat16"), inputs, answers)
    _check_float16(_make(MODELS[name], spec, "mixed_float16"), inputs, loss)


def _make(model_class: Any, spec: Any, policy: str) -> SpecModel:
    model: SpecModel = model_class(spec, _ROWS, dtype=policy)
    model.build()
    draw_weights(model)
    return model


def _answers(model: SpecModel, inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {task: ops.convert_to_numpy(v) for task, v in run_model(model, inputs).items()}


def _check_answers(model: SpecModel, answers: Mapping[str, Any]) -> None:
    assert list(answers) == ["click", "like"], f"answers for {', '.join(answers)}"
    for task, values in answers.items():
        assert values.shape == (_BATCH,), f"{task} has shape {values.shape}"
        assert values.dtype == np.float32, f"{task} is {values.dtype}"
        assert np.isfinite(values).all(), f"{task} is not finite"
        assert ((values >= 0) & (values <= 1)).all(), f"{task} is no probability"
        # ReLU may be 0 for a few of them all through a narrow tower.
        distinct = len(np.unique(values)) > _BATCH // 2
        assert distinct, f"{task}: examples that differ score the same"
    for history in ("empty", "full"):
        inputs = random_inputs(model.spec, _ROWS, _BATCH, history)
        for task, values in _answers(model, inputs).items():
            assert np.isfinite(values).all(), f"{task} is not finite where histories are {history}"


def _check_config(model: SpecModel) -> None:
    config = json.loads(json.dumps(model.get_config()))
    assert type(model).from_config(config).get_config() == model.get_config(), (
        "config does not round-trip"
    )


def _check_saving(model: SpecModel, inputs: Mapping[str, Any], directory: Path) -> None:
    model.assets = Assets(
        definition=definition_of(model.spec),
        column_types={"user": "int64"},
        vocabularies={"user": ["7", "9"], "video": ["ü"], "tag": []},
        boundaries={},
        numbers={"price": NumberSpread(1.5, 2.0), "age": NumberSpread(0.0, 0.0)},
    )
    loaded = run_model_saving_test(model, inputs, directory)
    assert loaded.assets == model.assets, "assets are lost"
    assert loaded.spec == model.spec, "the spec is another one"


def _check_candidates(model: SpecModel) -> None:
    """R requests with K candidates each, against every pair as an example of its own."""
    inputs = random_inputs(model.spec, _ROWS, _REQUESTS)
    items = random_inputs(model.spec, _ROWS, _BATCH, seed=1)
    rows = {name: ids.repeat(_CANDIDATES, axis=0) for name, ids in inputs.items()}
    for name in model.item_names:
        rows[name] = items[name]
        inputs[name] = items[name].reshape(_REQUESTS, _CANDIDATES, *items[name].shape[1:])
    scores = run_function(model.score_candidates, inputs)
    for task, values in _answers(model, rows).items():
        found = ops.convert_to_numpy(scores[task])
        assert found.shape == (_REQUESTS, _CANDIDATES), f"{task} has shape {found.shape}"
        np.testing.assert_allclose(
            found.reshape(-1), values, rtol=1e-5, atol=1e-6, err_msg=f"{task}: candidates"
        )


def _check_buckets(model: SpecModel, inputs: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    """The rows in two buckets, the first of histories of one step at most, against all in one."""
    names = [feature.name for feature in model.spec.sequence_features]
    ids = [inputs[n] if inputs[n].ndim == 2 else inputs[n][..., 0] for n in names]
    short = np.max([np.count_nonzero(each, axis=1) for each in ids], axis=0) <= 1
    assert 0 < short.sum() < _BATCH
    order = np.argsort(~short, kind="stable")
    moved = {name: values[order] for name, values in inputs.items()}
    count = short.sum()
    moved |= {name: (moved[name][:count, :1], moved[name][count:]) for name in names}
    for task, values in _answers(model, moved).items():
        np.testing.assert_allclose(
            values, answers[task][order], rtol=1e-5, atol=1e-6, err_msg=f"{task}: buckets"
        )


def _check_padding(model: SpecModel, inputs: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    before = model.get_weights()
    for tables in model.embedded_inputs.tables.values():
        for table, offset in tables.offsets.items():
            weight = tables.tables[tables.dims[table]]
            values = np.array(ops.convert_to_numpy(weight.value))
            values[offset] = 1e3
            weight.assign(values)
    for task, values in _answers(model, inputs).items():
        np.testing.assert_array_equal(values, answers[task], err_msg=f"{task} reads padding")
    model.set_weights(before)


def _check_training(model: SpecModel, inputs: Mapping[str, Any]) -> float:
    """Two steps; the loss before the first."""
    # Adam moves a weight with any gradient by about the learning rate, whatever its size.
    model.compile(keras.optimizers.Adam(1e-2, epsilon=1e-30))
    before = [np.array(ops.convert_to_numpy(w.value)) for w in model.trainable_variables]
    losses = [_step(model, inputs) for _ in range(2)]
    assert np.isfinite(losses).all(), f"the losses are {losses}"
    for weight, old in zip(model.trainable_variables, before, strict=True):
        new = ops.convert_to_numpy(weight.value)
        assert np.isfinite(new).all(), f"{weight.path} is not finite after a step"
        assert np.any(new != old), f"{weight.path} is not trained"
    return losses[0]


def _check_bfloat16(half: SpecModel, inputs: Mapping[str, Any], answers: Mapping[str, Any]) -> None:
    for task, values in _answers(half, inputs).items():
        assert values.dtype == np.float32, f"{task} is {values.dtype} under mixed_bfloat16"
        np.testing.assert_allclose(values, answers[task], atol=0.03, err_msg=task)


def _check_float16(half: SpecModel, inputs: Mapping[str, Any], expected: float) -> None:
    half.compile("adam")
    loss = _step(half, inputs)
    assert abs(loss - expected) < 0.03, f"the loss is {loss} under mixed_float16, not {expected}"
    for weight in half.trainable_variables:
        finite = np.isfinite(ops.convert_to_numpy(weight.value)).all()
        assert finite, f"{weight.path} is not finite after a step under mixed_float16"


def _step(model: SpecModel, inputs: Mapping[str, Any]) -> float:
    logs = model.train_on_batch(inputs, _labels(model), return_dict=True)
    return float(logs["loss"])


def _labels(model: SpecModel) -> dict[str, Any]:
    """Random ones, some of them missing."""
    draws = np.random.default_rng(2)
    labels = {task: (draws.random(_BATCH) < 0.5).astype("float32") for task in model.tasks}
    labels["like"][::5] = np.nan
    return labels
