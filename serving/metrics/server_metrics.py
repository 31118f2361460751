"""TensorFlow Serving's metrics, under its names and with its labels and buckets.

Source:
    TensorFlow Serving, servables/tensorflow/{util,saved_model_warmup_util}.cc and
    batching/{batching_session.cc,batching_util.h}; TensorFlow, cc/saved_model/loader.cc.
"""

from serving.metrics.histogram import exponential_buckets
from serving.metrics.registry import REGISTRY

_LATENCY = exponential_buckets(10, 1.8, 33)  # 10 microseconds to about 20 minutes
_QUEUING = exponential_buckets(100, 1.2, 52)  # 100 microseconds to about a second
_ROWS = exponential_buckets(1, 2, 14)  # 1 to 8,192 rows

REQUEST_COUNT = REGISTRY.counter(
    "/tensorflow/serving/request_count", "The total number of requests.", ["model_name", "status"]
)
REQUEST_LATENCY = REGISTRY.histogram(
    "/tensorflow/serving/request_latency",
    "Distribution of wall time (in microseconds) for Tensorflow Serving request.",
    ["model_name", "API", "entrypoint"],
    _LATENCY,
)
RUNTIME_LATENCY = REGISTRY.histogram(
    "/tensorflow/serving/runtime_latency",
    "Distribution of wall time (in microseconds) for Tensorflow runtime.",
    ["model_name", "API", "runtime"],
    _LATENCY,
)
REQUEST_EXAMPLE_COUNTS = REGISTRY.histogram(
    "/tensorflow/serving/request_example_counts",
    "The number of tensorflow.Examples per request.",
    ["model"],
    exponential_buckets(1, 2, 15),
)
REQUEST_EXAMPLE_COUNT_TOTAL = REGISTRY.counter(
    "/tensorflow/serving/request_example_count_total",
    "The total number of tensorflow.Examples.",
    ["model"],
)
MODEL_WARMUP_LATENCY = REGISTRY.histogram(
    "/tensorflow/serving/model_warmup_latency",
    "Distribution of wall time (in microseconds) for warming up the model.",
    ["model_path", "status"],
    _LATENCY,
)
BATCH_QUEUING_LATENCY = REGISTRY.histogram(
    "/tensorflow/serving/batching_session/queuing_latency",
    "Distribution of wall time spent (in microseconds) in queuing",
    ["thread_pool_name"],
    _QUEUING,
)
BATCH_INPUT_SIZE = REGISTRY.histogram(
    "/tensorflow/serving/batching_session/input_batch_size",
    "Tracks the batch size distribution on the inputs.",
    [],
    _ROWS,
)
BATCH_PROCESSED_SIZE = REGISTRY.histogram(
    "/tensorflow/serving/batching_session/processed_batch_size",
    "Tracks the batch size distribution on processing.",
    [],
    _ROWS,
)
BATCH_PADDING_SIZE = REGISTRY.histogram(
    "/tensorflow/serving/batching_session/padding_size",
    "Tracks the padding size distribution on batches.",
    ["execution_batch_size"],
    _ROWS,
)
BATCH_WRAPPED_RUN_COUNT = REGISTRY.counter(
    "/tensorflow/serving/batching_session/wrapped_run_count",
    "Total count of run calls on the wrapped session",
)
LOAD_ATTEMPT_COUNT = REGISTRY.counter(
    "/tensorflow/cc/saved_model/load_attempt_count",
    "The number of times a SavedModel was successfully loaded.",
    ["model_path", "status"],
)
LOAD_LATENCY = REGISTRY.counter(
    "/tensorflow/cc/saved_model/load_latency",
    "Latency in microseconds for SavedModels that were successfully loaded.",
    ["model_path"],
)
