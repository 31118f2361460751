"""A valid request of each signature, from what was exported with the model."""

import json
import logging
from base64 import b64encode
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from serving.saved_model.servable import DEFAULT_SIGNATURE, Servable

_REQUEST = "assets.extra/example_request.json"
_WARMUP = "assets.extra/tf_serving_warmup_requests"
_MOST_RECORDS = 1000
_MOST_ELEMENTS = 1000
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Value:
    """One input of an example: a scalar or nested lists of what JSON can say."""

    plain: Any

    def json(self, most: int | None = None) -> str:
        """JSON text of the value, of the first `most` elements if it is a list.

        A text keeps every digit of an int64, which JavaScript's numbers do not. NaN and infinities
        are written as TensorFlow Serving reads them.
        """
        plain = self.plain[:most] if isinstance(self.plain, list) else self.plain
        return json.dumps(plain, ensure_ascii=False)


Example = dict[str, Value]


def example_inputs(servable: Servable) -> dict[str, Example]:
    """One row for every signature that a request was recorded of.

    The rows come from the warm-up records and, for its signature, from `example_request.json`,
    whose columns are in the order that the exporter gives them.

    Args:
        servable: whose `assets.extra` is read; a file that cannot be read is logged and left out.

    Returns:
        Signature name -> input -> value, without the batch dimension where the signature has one.
    """
    found = _from_warmup(servable)
    path = f"{servable.path}/{_REQUEST}"
    if not tf.io.gfile.exists(path):
        return found
    try:
        with tf.io.gfile.GFile(path, "rb") as file:
            request = json.loads(file.read())
        row = request["instances"][0]
        example = {str(name): Value(value) for name, value in row.items()}
        found[request.get("signature_name") or DEFAULT_SIGNATURE] = example
    except (ValueError, LookupError, TypeError, AttributeError, tf.errors.OpError) as error:
        _log.warning("%s holds no request by rows: %.200r", path, error)
    return found


def placeholder(dtype: str, shape: list[int] | None, batched: bool) -> Value:
    """A value that a signature accepts by type and shape: zeros, or empty strings.

    Args:
        dtype: as TensorFlow's C++ spells it.
        shape: of the input, -1 for a free dimension; None if the rank is not known.
        batched: whether the batch dimension is left out.

    Example:
        >>> placeholder("int64", [-1, 2], batched=True).json()
        '[0, 0]'
    """
    zero: Any = {"string": "", "bool": False}.get(dtype, 0)
    dims = [1 if dim < 0 else dim for dim in (shape or [])][batched:]
    if int(np.prod(dims, dtype=np.float64)) > _MOST_ELEMENTS:
        return Value([])
    for dim in reversed(dims):
        zero = [zero] * dim
    return Value(zero)


def _from_warmup(servable: Servable) -> dict[str, Example]:
    path = f"{servable.path}/{_WARMUP}"
    found: dict[str, Example] = {}
    if not tf.io.gfile.exists(path):
        return found
    try:
        for count, record in enumerate(tf.compat.v1.io.tf_record_iterator(path)):
            log = PredictionLog.FromString(record)
            request = log.predict_log.request
            name = request.model_spec.signature_name or DEFAULT_SIGNATURE
            if request.inputs and name in servable.signatures and name not in found:
                found[name] = _first_row(servable, name, request.inputs)
            if count == _MOST_RECORDS or len(found) == len(servable.signatures):
                break
    except (DecodeError, ValueError, TypeError, tf.errors.OpError) as error:
        _log.warning("the warm-up records %s give no examples: %.200r", path, error)
    return found


def _first_row(servable: Servable, name: str, inputs: Any) -> Example:
    signature = servable.signatures[name].inputs
    shapes = [info.tensor_shape for info in signature.values()]
    batched = all(not s.unknown_rank and s.dim and s.dim[0].size == -1 for s in shapes)
    example = {}
    for alias, proto in inputs.items():
        array = tf.make_ndarray(proto)
        # Cut before NumPy's own scalars come into play, which would take a text's type away.
        has_row = batched and array.ndim and len(array)
        example[alias] = Value(_plain(array[:1])[0] if has_row else _plain(array))
    return example


def _plain(array: npt.NDArray[Any]) -> Any:
    """Nested lists, floats by their shortest digits, strings that are not UTF-8 as base64."""
    if array.dtype.kind not in "biuO":
        array = np.array([float(str(v)) for v in array.ravel()]).reshape(array.shape)
    return _map_text(array.tolist())


def _map_text(value: Any) -> Any:
    if isinstance(value, list):
        return [_map_text(element) for element in value]
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"b64": b64encode(value).decode()}
    return value
