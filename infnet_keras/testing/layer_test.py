"""What every layer must hold to."""

import inspect
import json
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops, tree

from infnet_keras.testing.run_model import run_model

POLICIES = ("mixed_bfloat16", "mixed_float16")


def run_layer_test(
    layer_class: type[keras.layers.Layer],
    config: Mapping[str, Any],
    inputs: Mapping[str, Any],
    directory: Path,
    half_tolerance: float = 2e-2,
    float32_outputs: Collection[str] = (),
    other_policies: Collection[str] = (),
) -> None:
    """Assert that a layer keeps the rules of this project.

    - Its config is JSON, names every argument of its constructor, and gives an equal layer back.
    - `compute_output_spec`, symbolic and eager calls agree on shapes and dtypes (on torch, shapes
      alone under mixed policies), and a compiled model on the values.
    - Its float outputs are of its policy's compute dtype, under mixed policies too, and its
      sublayers have its policy.
    - One training step changes every trainable weight.
    - Under mixed_bfloat16 and mixed_float16 its outputs are finite and near float32's.
    - A model that holds it survives a `.keras` file, outputs unchanged.

    Args:
        layer_class: the layer's class, registered as serialisable.
        config: arguments of its constructor; outputs must not be random.
        inputs: argument of `call` -> array, or list or dict of arrays, batch first.
        directory: where the file is written.
        half_tolerance: largest error under a mixed policy, relative to the largest output.
        float32_outputs: the outputs that are float32 under a mixed policy as well, by their path:
            "" is a single output, "1" the second of several, "tasks" a key.
        other_policies: names of sublayers whose policy is another one by design.

    Raises:
        AssertionError: the layer breaks a rule.

    Example:
        >>> inputs = {"proxies": np.ones((2, 4, 8), "float32")}
        >>> run_layer_test(ProxyGatedUnit, {}, inputs, tmp_path, float32_outputs=[""])
    """
    layer = layer_class(**config)
    results = layer(**inputs)
    outputs = _arrays(results)
    _check_config(layer, layer_class)
    _check_policies(layer, results, float32_outputs, other_policies)
    _check_output_spec(layer, inputs, results)
    model = _functional(layer, inputs)
    _check_symbolic(model, inputs, outputs)
    for policy in POLICIES:
        half = layer_class.from_config({**layer.get_config(), "dtype": policy})
        results = half(**inputs)
        _check_policies(half, results, float32_outputs, other_policies)
        _check_output_spec(half, inputs, results)
        half.set_weights(layer.get_weights())
        _check_near(half, inputs, outputs, half_tolerance)
    _check_saving(model, inputs, directory)
    _check_training(model, inputs, outputs)


def _check_config(layer: Any, layer_class: Any) -> None:
    config = layer.get_config()
    json.dumps(config)
    parameters = inspect.signature(layer_class.__init__).parameters.values()
    missing = {p.name for p in parameters if p.kind is not p.VAR_KEYWORD} - {"self", *config}
    assert not missing, f"get_config leaves out {sorted(missing)}"
    assert layer_class.from_config(config).get_config() == config, "config does not round-trip"


def _functional(layer: Any, inputs: Mapping[str, Any]) -> Any:
    """A model of the layer alone, its outputs in a flat list."""
    symbols = tree.map_structure(
        lambda array: keras.Input(array.shape[1:], dtype=str(array.dtype)), dict(inputs)
    )
    return keras.Model(symbols, tree.flatten(layer(**symbols)))


def _check_symbolic(model: Any, inputs: Mapping[str, Any], outputs: list[Any]) -> None:
    for symbol, output in zip(model.outputs, outputs, strict=True):
        found = (tuple(symbol.shape[1:]), keras.backend.standardize_dtype(symbol.dtype))
        assert found == (output.shape[1:], str(output.dtype)), "symbolic and eager calls differ"
    for output, expected in zip(_predict(model, inputs), outputs, strict=True):
        np.testing.assert_allclose(output, expected, rtol=1e-5, atol=1e-5)


def _check_policies(
    layer: Any, results: Any, float32_outputs: Collection[str], other_policies: Collection[str]
) -> None:
    policy = layer.dtype_policy.name
    for sublayer in layer._flatten_layers(include_self=False):
        found = sublayer.dtype_policy.name
        assert found == policy or sublayer.name in other_policies, (
            f"{policy}: sublayer {sublayer.name} has policy {found}: dtype=self.dtype_policy is "
            "missing"
        )
    for path, result in tree.flatten_with_path(results):
        name, dtype = "/".join(map(str, path)), keras.backend.standardize_dtype(result.dtype)
        expected = "float32" if name in float32_outputs else layer.compute_dtype
        if "float" in dtype:
            assert dtype == expected, f"{policy}: output {name!r} is {dtype}, expected {expected}"


def _check_output_spec(layer: Any, inputs: Mapping[str, Any], results: Any) -> None:
    """What the layer says of its outputs beforehand, for inputs of these shapes, holds."""
    symbols = tree.map_structure(
        lambda array: keras.KerasTensor(array.shape, dtype=str(array.dtype)), dict(inputs)
    )
    # As Keras calls `compute_output_spec`: with inputs and weights cast by the policy.
    spec = layer(**symbols)
    tree.assert_same_structure(spec, results)
    # On torch, Keras' symbolic calls see weights in float32 whatever the policy.
    mixed_on_torch = (
        keras.backend.backend() == "torch" and layer.compute_dtype != layer.variable_dtype
    )
    for said, result in zip(tree.flatten(spec), tree.flatten(results), strict=True):
        described, real = (
            (
                tuple(tensor.shape),
                None if mixed_on_torch else keras.backend.standardize_dtype(tensor.dtype),
            )
            for tensor in (said, result)
        )
        assert described == real, (
            f"{layer.dtype_policy.name}: compute_output_spec says {described}, a call gives {real}"
        )


def _check_near(
    layer: Any, inputs: Mapping[str, Any], outputs: list[Any], tolerance: float
) -> None:
    policy = layer.dtype_policy.name
    for output, expected in zip(_predict(_functional(layer, inputs), inputs), outputs, strict=True):
        error = np.abs(output.astype("float32") - expected.astype("float32"))
        limit = tolerance * max(float(np.abs(expected).max()), 1e-3)
        assert np.all(error <= limit), f"{policy}: off by {error.max()}, allowed {limit}"


def _check_saving(model: Any, inputs: Any, directory: Path) -> None:
    path = directory / "layer.keras"
    model.save(path)
    loaded = keras.models.load_model(path)
    for found, expected in zip(_predict(loaded, inputs), _predict(model, inputs), strict=True):
        np.testing.assert_array_equal(found, expected)


def _check_training(model: Any, inputs: Any, outputs: list[Any]) -> None:
    """One step towards random targets."""
    if not model.trainable_variables:
        return
    draws = np.random.default_rng(0)
    float_outputs = [o for o, array in zip(model.outputs, outputs, strict=True) if _is_float(array)]
    targets = [
        draws.normal(size=array.shape).astype("float32") for array in outputs if _is_float(array)
    ]
    trained = keras.Model(model.input, float_outputs)
    # Adam moves a weight with any gradient by about the learning rate, whatever its size.
    trained.compile(keras.optimizers.Adam(1e-2, epsilon=1e-30), loss=["mse"] * len(targets))
    before = [ops.convert_to_numpy(variable.value) for variable in model.trainable_variables]
    before = [np.array(value) for value in before]
    trained.train_on_batch(dict(inputs), targets)
    for variable, old in zip(model.trainable_variables, before, strict=True):
        new = ops.convert_to_numpy(variable.value)
        assert np.isfinite(new).all(), f"{variable.path} is not finite after a training step"
        assert np.any(new != old), f"{variable.path} is not trained"


def _predict(model: Any, inputs: Mapping[str, Any]) -> list[Any]:
    return _arrays(run_model(model, dict(inputs)))


def _arrays(outputs: Any) -> list[Any]:
    """Flat NumPy arrays; bfloat16, which NumPy lacks, as float32."""
    return [
        ops.convert_to_numpy(
            ops.cast(o, "float32") if keras.backend.standardize_dtype(o.dtype) == "bfloat16" else o
        )
        for o in map(ops.convert_to_tensor, tree.flatten(outputs))
    ]


def _is_float(array: Any) -> bool:
    return bool(np.issubdtype(array.dtype, np.floating))
