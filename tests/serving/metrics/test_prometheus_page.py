"""The page that Prometheus scrapes."""

import re

import pytest

from serving.metrics import own_metrics, server_metrics
from serving.metrics.histogram import exponential_buckets
from serving.metrics.prometheus_page import prometheus_page
from serving.metrics.registry import Registry

# Limits of a histogram as a real server printed them.
REAL_LATENCY_LIMITS = (
    "10 18 32.4 58.32 104.976 188.957 340.122 612.22 1102 1983.59 3570.47 6426.84 11568.3 20823 "
    "37481.3 67466.4 121440 218591 393464 708235 1.27482e+06 2.29468e+06 4.13043e+06 7.43477e+06 "
    "1.33826e+07 2.40887e+07 4.33596e+07 7.80473e+07 1.40485e+08 2.52873e+08 4.55172e+08 "
    "8.19309e+08 1.47476e+09 +Inf"
)
SERVER_METRICS = {
    "/tensorflow/serving/request_count": ("counter", ("model_name", "status")),
    "/tensorflow/serving/request_latency": ("histogram", ("model_name", "API", "entrypoint")),
    "/tensorflow/serving/runtime_latency": ("histogram", ("model_name", "API", "runtime")),
    "/tensorflow/serving/request_example_counts": ("histogram", ("model",)),
    "/tensorflow/serving/request_example_count_total": ("counter", ("model",)),
    "/tensorflow/serving/model_warmup_latency": ("histogram", ("model_path", "status")),
    "/tensorflow/serving/batching_session/queuing_latency": ("histogram", ("thread_pool_name",)),
    "/tensorflow/serving/batching_session/input_batch_size": ("histogram", ()),
    "/tensorflow/serving/batching_session/processed_batch_size": ("histogram", ()),
    "/tensorflow/serving/batching_session/padding_size": (
        "histogram",
        ("execution_batch_size",),
    ),
    "/tensorflow/serving/batching_session/wrapped_run_count": ("counter", ()),
    "/tensorflow/cc/saved_model/load_attempt_count": ("counter", ("model_path", "status")),
    "/tensorflow/cc/saved_model/load_latency": ("counter", ("model_path",)),
}


def test_a_page_is_written_as_by_the_real_server() -> None:
    registry = Registry()
    attempts = registry.counter(
        "/tensorflow/cc/saved_model/load_attempt_count", "Loads.", ["model_path", "status"]
    )
    attempts.increment("/models/Toy/2", "success")
    attempts.increment("/models/Toy/1", "success", amount=3)
    registry.counter("/tensorflow/core/graph_runs", "Runs.").increment(amount=2683607)
    registry.counter("/tensorflow/serving/request_log_count", "Logs.", ["status"])
    registry.histogram("/tensorflow/serving/warmup", "Warmups.", [], [1])
    run_time = registry.histogram("/tensorflow/core/run_time", "Time.", [], [1000, 1024000])
    for value in (31.5, 5, 2683607):
        run_time.observe(value)
    latency = registry.histogram("/tensorflow/core/latency", "Latency.", ["model_path"], [10])
    latency.observe(10, "/models/Toy/1")
    assert prometheus_page(registry) == (
        "# TYPE :tensorflow:cc:saved_model:load_attempt_count counter\n"
        ':tensorflow:cc:saved_model:load_attempt_count{model_path="/models/Toy/1",'
        'status="success"} 3\n'
        ':tensorflow:cc:saved_model:load_attempt_count{model_path="/models/Toy/2",'
        'status="success"} 1\n'
        "# TYPE :tensorflow:core:graph_runs counter\n"
        ":tensorflow:core:graph_runs{} 2683607\n"
        "# TYPE :tensorflow:core:latency histogram\n"
        ':tensorflow:core:latency_bucket{model_path="/models/Toy/1",le="10"} 0\n'
        ':tensorflow:core:latency_bucket{model_path="/models/Toy/1",le="+Inf"} 1\n'
        ':tensorflow:core:latency_sum{model_path="/models/Toy/1"} 10\n'
        ':tensorflow:core:latency_count{model_path="/models/Toy/1"} 1\n'
        "# TYPE :tensorflow:core:run_time histogram\n"
        ':tensorflow:core:run_time_bucket{le="1000"} 2\n'
        ':tensorflow:core:run_time_bucket{le="1.024e+06"} 2\n'
        ':tensorflow:core:run_time_bucket{le="+Inf"} 3\n'
        ":tensorflow:core:run_time_sum{} 2.68364e+06\n"
        ":tensorflow:core:run_time_count{} 3\n"
        "# TYPE :tensorflow:serving:request_log_count counter\n"
        "# TYPE :tensorflow:serving:warmup histogram\n"
    )


def test_limits_have_six_digits() -> None:
    registry = Registry()
    registry.histogram("/latency", "L.", [], exponential_buckets(10, 1.8, 33)).observe(1)
    limits = re.findall(r'le="(.*?)"', prometheus_page(registry))
    assert " ".join(limits) == REAL_LATENCY_LIMITS


def test_values_of_labels_are_escaped() -> None:
    registry = Registry()
    counter = registry.counter("/requests", "Requests.", ["model"])
    counter.increment('a "b" \\ c\nforged{} 1')
    assert prometheus_page(registry) == (
        "# TYPE :requests counter\n"
        r':requests{model="a \"b\" \\ c\nforged{} 1"} 1' + "\n"
    )


@pytest.mark.parametrize(
    ("name", "label", "line"),
    [
        ("/a/b-c.d_e", "x y", ':a:b:c:d_e{x_y=""} 1'),
        ("0a", "0x", '_0a{_0x=""} 1'),
    ],
)
def test_names_are_made_valid(name: str, label: str, line: str) -> None:
    registry = Registry()
    registry.counter(name, "N.", [label]).increment("")
    assert prometheus_page(registry).splitlines()[1] == line


def test_an_empty_registry_has_an_empty_line() -> None:
    assert prometheus_page(Registry()) == "\n"


def test_the_servers_metrics_have_tensorflow_servings_names_and_labels() -> None:
    page = prometheus_page()
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, flags=re.MULTILINE))
    registered = {
        metric.name: (types[metric.name.replace("/", ":")], metric.labels)
        for metric in server_metrics.REGISTRY.metrics()
    }
    name = own_metrics.UNREADABLE_VALUES.name
    assert registered == {**SERVER_METRICS, name: ("counter", ("model_name", "input"))}


def test_the_servers_latencies_reach_from_microseconds_to_minutes() -> None:
    limits = [f"{limit:g}" for limit in server_metrics.REQUEST_LATENCY.bucket_limits]
    assert " ".join([*limits, "+Inf"]) == REAL_LATENCY_LIMITS
    queuing = server_metrics.BATCH_QUEUING_LATENCY.bucket_limits
    assert len(queuing) == 52
    assert queuing[0] == 100
    assert queuing[-1] == pytest.approx(100 * 1.2**51)
    assert server_metrics.BATCH_PADDING_SIZE.bucket_limits == tuple(2.0**n for n in range(14))
    assert server_metrics.REQUEST_EXAMPLE_COUNTS.bucket_limits == tuple(2.0**n for n in range(15))
