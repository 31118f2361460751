"""Answers a TF Serving REST payload from an exported SavedModel, without a server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infnet_keras.errors import DataError, ExportError
from infnet_keras.export.payload import to_arrays
from infnet_keras.export.requirements import require_tensorflow
from infnet_keras.export.version_directory import latest_version


def predict(directory: str | Path, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Probabilities for one request, as TF Serving's REST interface would answer it.

    Args:
        directory: a model directory (its highest version is loaded) or one version of it.
        payload: `{"signature_name": ..., "instances": [...]}`, one element a row, or
            `{"signature_name": ..., "inputs": {...}}`, one list a column. The signature is
            `predict` unless named. Where a signature has a single input its name may be left out;
            a serialised tf.Example is `{"b64": "..."}`.

    Returns:
        `{"predictions": [...]}` for instances, `{"outputs": {...}}` for columns. A single task's
        name is left out, as TF Serving does.

    Raises:
        ExportError: the directory holds no SavedModel that can be loaded.
        DataError: the payload does not fit the signature; the message lists what it takes.

    Example:
        >>> predict("models/qb_video", {"inputs": {"user_id": [7], ...}})
        {'outputs': {'click': [0.31], 'like': [0.02]}}
    """
    return answer(load(latest_version(Path(directory))), payload)


def load(path: Path) -> Any:
    """Load one version; its `signatures` are callable."""
    require_tensorflow()
    import tensorflow as tf

    try:
        return tf.saved_model.load(str(path))
    except (tf.errors.OpError, OSError, ValueError) as error:
        raise ExportError(f"{path} cannot be loaded as a SavedModel: {error}") from error


def answer(loaded: Any, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The answer of a loaded SavedModel to a payload; see `predict`."""
    if not isinstance(payload, Mapping):
        raise DataError("a request is an object with `instances` (rows) or `inputs` (columns)")
    unknown = [key for key in payload if key not in ("signature_name", "instances", "inputs")]
    if unknown or ("instances" in payload) == ("inputs" in payload):
        raise DataError(
            "a request has either `instances` (rows) or `inputs` (columns), and may name a "
            f"`signature_name`; found {', '.join(payload) or 'nothing'}"
        )
    name = payload.get("signature_name", "predict")
    if name not in loaded.signatures:
        raise DataError(f"no signature {name!r}; there are {', '.join(sorted(loaded.signatures))}")
    signature = loaded.signatures[name]
    results = call(signature, to_arrays(payload, signature.structured_input_signature[1]), name)
    if "inputs" in payload:
        lists = {task: value.tolist() for task, value in results.items()}
        return {"outputs": lists if len(lists) > 1 else next(iter(lists.values()))}
    rows = [
        dict(zip(results, values, strict=True))
        for values in zip(*(value.tolist() for value in results.values()), strict=True)
    ]
    return {"predictions": rows if len(results) > 1 else [next(iter(r.values())) for r in rows]}


def call(signature: Any, arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Run a signature on NumPy arrays, strings as bytes of dtype object.

    Returns:
        Output name -> NumPy array.
    """
    import tensorflow as tf

    takes = signature.structured_input_signature[1]
    leading = {key: len(array) for key, array in arrays.items()}
    if len(set(leading.values())) > 1:
        raise DataError(f"the inputs differ in their number of rows: {leading}")
    tensors = {key: tf.constant(array, takes[key].dtype) for key, array in arrays.items()}
    try:
        results = signature(**tensors)
    except tf.errors.OpError as error:
        raise DataError(f"signature {name} refused the request: {error.message}") from error
    return {key: value.numpy() for key, value in sorted(results.items())}
