"""Replays the recorded requests of a version before it answers real ones."""

import logging
import time

import tensorflow as tf
from google.protobuf.message import DecodeError
from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

from serving.inference.classify import classify
from serving.inference.multi_inference import multi_inference
from serving.inference.predict import PredictOptions, predict
from serving.inference.regress import regress
from serving.metrics.server_metrics import MODEL_WARMUP_LATENCY
from serving.saved_model.servable import Servable
from serving.status import Code, StatusError, invalid_argument, unimplemented

_FILE = "assets.extra/tf_serving_warmup_requests"
_MOST_RECORDS = 1000
# Who writes models has no need to attack, and no client of theirs sent these.
_TRUSTED = PredictOptions(claimable=2**30, counts_unreadable=False)
_log = logging.getLogger(__name__)


def warm_up(servable: Servable, iterations: int = 1) -> int:
    """Answer every request of `assets.extra/tf_serving_warmup_requests`, so that what TensorFlow
    does lazily is done before the version goes live.

    Args:
        servable: loaded, and not serving yet.
        iterations: how often each request is answered.

    Returns:
        The number of records read; 0 where there is no such file.

    Raises:
        StatusError: the file is damaged, or a request fails; the version must not be served.

    Source:
        TensorFlow Serving, servables/tensorflow/saved_model_warmup_util.cc.
    """
    path = f"{servable.path}/{_FILE}"
    if not tf.io.gfile.exists(path):
        return 0
    start = time.monotonic()
    count = 0
    records = _records(path)
    _log.info("Warming up %s with %d requests", servable.path, len(records))
    for record in records:
        log = _parse(record, path)
        for _ in range(iterations):
            _replay(servable, log)
        count += 1
        if count > _MOST_RECORDS:
            raise invalid_argument(
                f"Number of warmup records exceeds the maximum ({_MOST_RECORDS}) at {path}"
            )
    microseconds = (time.monotonic() - start) * 1e6
    MODEL_WARMUP_LATENCY.observe(microseconds, servable.path, Code.OK.name)
    _log.info(
        "Finished reading warmup data for model at %s. Number of warmup records read: %d. "
        "Elapsed time (microseconds): %d.",
        path,
        count,
        microseconds,
    )
    return count


def _records(path: str) -> list[bytes]:
    try:
        return list(tf.compat.v1.io.tf_record_iterator(path))
    except tf.errors.DataLossError as error:
        raise StatusError(
            Code.DATA_LOSS,
            f"{error.message}. Please verify your warmup data is in TFRecord format.",
        ) from error
    except tf.errors.OpError as error:
        raise StatusError(Code(error.error_code), error.message) from error


def _parse(record: bytes, path: str) -> PredictionLog:
    try:
        return PredictionLog.FromString(record)
    except DecodeError as error:
        raise invalid_argument(f"Failed to parse warmup record: {record!r} from {path}") from error


def _replay(servable: Servable, log: PredictionLog) -> None:
    match log.WhichOneof("log_type"):
        case "predict_log":
            predict(servable, log.predict_log.request, options=_TRUSTED)
        case "classify_log":
            classify(servable, log.classify_log.request)
        case "regress_log":
            regress(servable, log.regress_log.request)
        case "multi_inference_log":
            multi_inference(servable, log.multi_inference_log.request)
        case kind:
            raise unimplemented(f"Unsupported log_type for warmup: {kind}")
