import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from export_rows import example_rows

from infnet_keras.errors import DataError, ExportError
from infnet_keras.export import export_run, export_saved_model
from infnet_keras.features import Assets, RowTransform
from infnet_keras.spec import load_spec

Build = Callable[..., Any]


def names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def variables(version: Path) -> dict[str, list[int]]:
    import tensorflow as tf

    listed = tf.train.list_variables(str(version / "variables" / "variables"))
    return {name: shape for name, shape in listed if name != "_CHECKPOINTABLE_OBJECT_GRAPH"}


@pytest.mark.long("jax")
def test_every_backend_s_model_exports(exported: Path) -> None:
    """The fixture runs `run_export_test`: a fresh process gives the model's probabilities."""
    assert names(exported) == [
        "assets",
        "assets.extra",
        "fingerprint.pb",
        "saved_model.pb",
        "variables",
    ]
    extra = ["example_request.json", "tf_serving_warmup_requests"]
    assert names(exported / "assets.extra") == extra


def test_the_assets_say_what_the_model_is(exported: Path, assets: Assets, model: Any) -> None:
    kept = exported / "assets"
    assert names(kept) == ["assets.json", "served_names.json", "spec.yaml", "tag.txt", "video.txt"]
    assert load_spec(kept / "spec.yaml") == model.spec
    assert json.loads((kept / "assets.json").read_text())["digest"] == assets.digest
    assert (kept / "tag.txt").read_text() == "pop\nrock\nspäti 🎸\n"


def test_importing_loads_neither_a_backend_nor_models() -> None:
    code = (
        "import sys, infnet_keras.export\n"
        "heavy = ('keras', 'tensorflow', 'jax', 'torch', 'infnet_keras.models')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_without_tensorflow_the_error_says_what_to_install(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from infnet_keras.export import requirements

    monkeypatch.setattr(
        requirements, "find_spec", lambda name: None if name == "tensorflow" else find_spec(name)
    )
    with pytest.raises(ExportError, match=r"needs tensorflow, .*infnet-keras\[tensorflow\]"):
        export_saved_model(model, tmp_path)


def test_a_model_that_cannot_be_exported_is_a_sentence(
    build_model: Build, assets: Assets, tmp_path: Path
) -> None:
    model = build_model()
    with pytest.raises(DataError, match="'user_id' is missing"):
        export_saved_model(model, tmp_path, examples={"video_id": [1]})
    none = {name: [] for name in example_rows()}
    with pytest.raises(ExportError, match="at least one"):
        export_saved_model(model, tmp_path, examples=none)
    model.assets = replace(assets, vocabularies={**assets.vocabularies, "tag": list("abcdef")})
    with pytest.raises(ExportError, match=r"table 'tag' of the model has 6 rows, .* needs 9"):
        export_saved_model(model, tmp_path)
    model.assets = None
    with pytest.raises(ExportError, match="no vocabularies"):
        export_saved_model(model, tmp_path)
    with pytest.raises(ExportError, match=r"holds no model\.keras"):
        export_run(tmp_path, tmp_path)
    (tmp_path / "model.keras").write_bytes(b"no model")
    with pytest.raises(ExportError, match="cannot be loaded"):
        export_run(tmp_path, tmp_path / "models")
    assert names(tmp_path) == ["model.keras"]


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16", "float64"])
def test_the_serving_copy(build_model: Build, precision: str) -> None:
    from infnet_keras.export.serving_copy import serving_copy

    if precision == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX holds float64 only when it is started so")
    model = build_model({"weighting": "uncertainty"}, dtype=precision)
    assert model.task_uncertainty is not None
    model.compile("adam")
    copy = serving_copy(model)
    assert not copy.compiled
    assert copy.task_uncertainty is None
    assert copy.assets is model.assets
    assert {keras.backend.standardize_dtype(w.dtype) for w in copy.weights} == {"float32"}
    assert len(copy.weights) == len(model.weights) - 1
    by_path = {weight.path: keras.ops.convert_to_numpy(weight.value) for weight in model.weights}
    for weight in copy.weights:
        expected = by_path[weight.path].astype(np.float32)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(weight.value), expected)


@pytest.mark.backend("tensorflow")
def test_a_trained_run_exports_its_weights_alone_in_float32(
    build_model: Build, tmp_path: Path
) -> None:
    from infnet_keras.export import predict

    model = build_model({"weighting": "uncertainty"}, dtype="mixed_bfloat16")
    model.compile("adam", run_eagerly=True)
    ids = RowTransform(model.spec, model.assets)(example_rows())
    labels = {task: np.arange(24.0) % 2 for task in model.tasks}
    model.fit(ids, labels, batch_size=24, verbose=0)
    model.save(tmp_path / "model.keras")

    path = export_run(tmp_path, tmp_path / "models", version=7)
    assert path == tmp_path / "models" / "7"
    serving = [w for w in model.weights if w is not model.task_uncertainty.log_variances]
    assert len(serving) == len(model.weights) - 1
    expected = {
        f"model_variables/{w.path.replace('/', '.S')}/.ATTRIBUTES/VARIABLE_VALUE": list(w.shape)
        for w in serving
    }
    assert variables(path) == expected
    assert load_spec(path / "assets" / "spec.yaml") == model.spec

    exact = build_model()
    for target, weight in zip(exact.weights, serving, strict=True):
        target.assign(weight)
    outputs = predict(path, {"inputs": example_rows()})["outputs"]
    for task, values in exact(ids).items():
        np.testing.assert_allclose(outputs[task], values.numpy(), rtol=0, atol=1e-5)


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_a_model_that_disagrees_leaves_nothing(
    build_model: Build, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model changes between its own probabilities and the SavedModel."""
    from infnet_keras.export import write_saved_model as module

    def spoil(model: Any, *arguments: Any) -> None:
        model.weights[-1].assign_add(np.full(model.weights[-1].shape, 0.01))
        write_saved_model(model, *arguments)

    write_saved_model = module.write_saved_model
    monkeypatch.setattr(module, "write_saved_model", spoil)
    message = r"disagrees with the model: signature predict, task \w+, row \d+ of the example rows"
    with pytest.raises(ExportError, match=message):
        export_saved_model(build_model({"model.type": "shared_bottom"}), tmp_path)
    assert names(tmp_path) == []


@pytest.fixture
def start_export(tmp_path: Path, model: Any) -> Callable[..., "subprocess.Popen[str]"]:
    """Exports a saved run in a process of its own, with a limit on the size of a file."""
    model.save(tmp_path / "model.keras")

    def start(limit: int) -> "subprocess.Popen[str]":
        code = (
            "import resource, sys\n"
            "from infnet_keras.errors import ExportError\n"
            "from infnet_keras.export import export_run\n"
            f"resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))\n"
            "try:\n"
            "    export_run(sys.argv[1], sys.argv[1] + '/models')\n"
            "except ExportError as error:\n"
            "    print(error)\n"
        )
        return subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_a_full_disk_leaves_nothing(start_export: Any, tmp_path: Path) -> None:
    # The reference and the weights fit, the graph of the SavedModel does not.
    printed, log = start_export(limit=400_000).communicate()
    assert "cannot be written" in printed or "cannot write" in printed, log
    assert names(tmp_path / "models") == []


@pytest.mark.long
@pytest.mark.backend("tensorflow")
def test_a_killed_export_leaves_no_version(start_export: Any, tmp_path: Path) -> None:
    models = tmp_path / "models"
    process = start_export(limit=100_000_000)
    deadline = time.monotonic() + 120
    while not list(models.glob(".writing-*/saved_model.pb")):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert len(names(models)) == 1
    assert names(models)[0].startswith(".writing-1-")
