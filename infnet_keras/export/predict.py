"""Answers a TF Serving REST payload from an exported SavedModel, without a server."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infnet_keras.errors import DataError, ExportError
from infnet_keras.export.requirements import require_tensorflow
from infnet_keras.export.version_directory import latest_version
from infnet_keras.request.body import RequestBody
from infnet_keras.request.encode import encode
from infnet_keras.request.signature import Signature, check_signature


def predict(directory: str | Path, payload: Mapping[str, Any]) -> dict[str, Any]:
    """Answers to one request, as TF Serving's REST interface would answer it.

    Args:
        directory: a model directory (its highest version is loaded) or one version of it.
        payload: `{"signature_name": ..., "instances": [...]}`, one element a row, or
            `{"signature_name": ..., "inputs": {...}}`, one list a column. The signature is
            `predict` unless named, and `serving_default` where there is none. Where a signature has
            a single input its name may be left out; a serialised tf.Example is `{"b64": "..."}`.
            Lists may differ in length, and lengths be left out: see `request.encode`.

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


def answer(loaded: Any, payload: Any) -> dict[str, Any]:
    """The answer of a loaded SavedModel to a payload; see `predict`."""
    body = RequestBody.read(payload)
    name = body.signature(loaded.signatures)
    check_signature(name, loaded.signatures)
    function = loaded.signatures[name]
    arrays = encode(body.features, Signature.from_function(name, function))
    return body.answer(call(function, arrays, name), name)


def call(signature: Any, arrays: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Run a signature on NumPy arrays, strings as bytes of dtype object.

    Returns:
        Output name -> NumPy array.
    """
    import tensorflow as tf

    takes = signature.structured_input_signature[1]
    tensors = {key: tf.constant(array, takes[key].dtype) for key, array in arrays.items()}
    try:
        results = signature(**tensors)
    except tf.errors.OpError as error:
        raise DataError(f"signature {name} refused the request: {error.message}") from error
    return {key: value.numpy() for key, value in sorted(results.items())}
