"""Warm-up requests that TF Serving replays while it loads a version."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.model_pb2 import ModelSpec
from tensorflow_serving.apis.predict_pb2 import PredictRequest
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog

from infnet_keras.export.examples import serialized_examples
from infnet_keras.export.sample_requests import Columns, predict_request, rank_request
from infnet_keras.features import RawInput

WARMUP = "assets.extra/tf_serving_warmup_requests"
"""Of a version's directory: the requests."""
BATCH_SIZES = (1, 32)
CANDIDATES = 100


def write_warmup(
    saved_model: Path,
    model_name: str,
    raw: Columns,
    inputs: Sequence[RawInput],
    signatures: Sequence[str],
) -> None:
    """Write `assets.extra/tf_serving_warmup_requests`: a TFRecord of PredictionLog.

    Args:
        saved_model: the version's directory.
        model_name: goes into the requests' model spec.
        raw: example rows, raw input name -> column.
        inputs: the raw inputs of the spec.
        signatures: which signatures the SavedModel has.
    """
    path = saved_model / WARMUP
    path.parent.mkdir()
    with tf.io.TFRecordWriter(str(path)) as writer:
        for signature, request in warmup_requests(raw, inputs, signatures):
            writer.write(_record(model_name, signature, request))


def warmup_requests(
    raw: Columns, inputs: Sequence[RawInput], signatures: Sequence[str]
) -> Iterator[tuple[str, Columns]]:
    """Requests to warm a version with: signature name and input arrays of each.

    `serving_default` and `predict` are warmed with 1 and with 32 rows, `rank` with one request of
    100 candidates, `attention` with 1 row, all made of the example rows, repeated where there are
    too few.

    Args:
        raw: as in `write_warmup`, like `inputs` and `signatures`.
    """
    count = len(raw[inputs[0].name])
    for signature in signatures:
        if signature == "rank":
            first, items = np.array([0]), np.arange(CANDIDATES)[None] % count
            yield signature, rank_request(raw, inputs, first, items, np.array([CANDIDATES]))
            continue
        for size in BATCH_SIZES[:1] if signature == "attention" else BATCH_SIZES:
            request = predict_request(raw, np.arange(size) % count)
            if signature == "serving_default":
                request = {"examples": serialized_examples(request, inputs)}
            yield signature, request


def read_warmup(saved_model: Path) -> list[tuple[str, Columns]]:
    """The warm-up requests of a version: signature name and input arrays of each."""
    path = saved_model / WARMUP
    requests = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        request = PredictionLog.FromString(record).predict_log.request
        arrays = {name: tf.make_ndarray(proto) for name, proto in request.inputs.items()}
        requests.append((request.model_spec.signature_name, arrays))
    return requests


def _record(model_name: str, signature: str, arrays: Columns) -> bytes:
    request = PredictRequest(
        model_spec=ModelSpec(name=model_name, signature_name=signature),
        inputs={name: tf.make_tensor_proto(array) for name, array in arrays.items()},
    )
    log = PredictionLog(predict_log=PredictLog(request=request))
    serialized: bytes = log.SerializeToString()
    return serialized
