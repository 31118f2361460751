"""What the code uses of other packages' private parts: listed, there, and of a pinned version."""

import inspect
import os
import tomllib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from packaging.requirements import Requirement
from packaging.version import Version
from private_uses import private_uses

ROOT = Path(__file__).parents[1]
SOURCES = ("infnet_keras", "serving", "tfx_pipeline", "benchmarks", "feature_specs")
HTTPTOOLS = "uvicorn.protocols.http.httptools_impl"

ADAPTER = "keras.src.trainers.data_adapters.py_dataset_adapter"

# Why there is no public way. A use that is gone leaves the list, a new one needs a line and, below,
# a test that names the API.
LISTED = {
    (
        "infnet_keras/models/multi_task_model.py",
        "_aggregate_additional_loss",
    ): "adds the layers' losses as Keras does (sum, and scaling in data parallel runs)",
    (
        "infnet_keras/training/validation_auc.py",
        "jax_state_sync",
    ): "under JAX a fit holds the weights: within an epoch only this brings them to the model",
    (
        "infnet_keras/callbacks/exact_auc.py",
        "jax_state_sync",
    ): "under JAX a fit holds the weights: until an epoch's end only this brings them over",
    (
        "infnet_keras/models/optimizer.py",
        "_learning_rate",
    ): "the public learning_rate is a number, not the schedule that a fit tells its length",
    (
        "infnet_keras/testing/layer_test.py",
        "_flatten_layers",
    ): "a layer has no public list of its sublayers",
    (
        "infnet_keras/cli/beam_arguments.py",
        "_actions",
    ): "argparse has no list of the options that a parser knows",
    (
        "serving/rest/impatient_protocol.py",
        f"{HTTPTOOLS}.HttpToolsProtocol",
    ): "uvicorn takes a protocol class and documents none to start from",
    (
        "serving/rest/impatient_protocol.py",
        f"{HTTPTOOLS}.RequestResponseCycle",
    ): "the type of the request that such a protocol is answering",
    (
        "serving/rest/impatient_protocol.py",
        "_start_asgi_task",
    ): "the one place that knows which of several pipelined requests is answered now",
    (
        "serving/rpc/model_service.py",
        "_rpc_event",
    ): "gRPC tells a service everything of a call but the name that it was called under",
    (
        "serving/saved_model/saved_model_session.py",
        "_make_callable_from_options",
    ): "Session.make_callable converts every feed in Python and answers errors in other words",
    (
        "tfx_pipeline/components/evaluator/executor.py",
        "_make_beam_pipeline",
    ): "how TFX's own Beam executors start their pipeline",
    (
        "tfx_pipeline/components/example_validator/executor.py",
        "_make_beam_pipeline",
    ): "how TFX's own Beam executors start their pipeline",
    (
        "tfx_pipeline/components/example_gen/executor.py",
        "_make_beam_pipeline",
    ): "how TFX's own Beam executors start their pipeline",
    (
        "tfx_pipeline/components/example_gen/executor.py",
        "_beam_pipeline_args",
    ): "Beam's file systems take their options from it before there is a pipeline",
    (
        "tfx_pipeline/transform/saved_function.py",
        "tensorflow.python.eager.wrap_function",
    ): "tf.compat.v1.wrap_function wraps a Python function, not a graph that was loaded",
    (
        "tfx_pipeline/transform/saved_function.py",
        "structured_outputs",
    ): "the names of a loaded function's outputs",
    (
        "infnet_keras/request/signature.py",
        "structured_outputs",
    ): "the names, types and shapes of a loaded signature's outputs",
    (
        "tfx_pipeline/transform/saved_function.py",
        "_remove_all_control_inputs",
    ): "an operation of a loaded graph cannot be changed otherwise",
    (
        "benchmarks/serving_graph.py",
        "tensorflow.python.framework.convert_to_constants.convert_variables_to_constants_v2",
    ): "TensorFlow exports no function that freezes variables",
    (
        "benchmarks/input_speed.py",
        f"{ADAPTER}.PyDatasetAdapter",
    ): "how a fit takes batches from a data set, timed without a model",
}


def test_every_private_use_is_listed() -> None:
    files = [path for name in SOURCES for path in sorted((ROOT / name).rglob("*.py"))]
    files = [path for path in files if not path.name.endswith("_pb2.py")]
    found = private_uses(ROOT, files)
    new = [f"{file}:{found[file, name]}: {name}" for file, name in found.keys() - LISTED.keys()]
    assert not sorted(new), "use public API, or list it here, say why and test that it is there"
    assert not sorted(LISTED.keys() - found.keys()), "no longer used: take it from the list"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        ("import keras.src.backend", ["keras.src.backend"]),
        ("from keras.src import ops as o", ["keras.src.ops"]),
        ("from keras import src", ["keras.src"]),
        ("from tensorflow.python.eager import context", ["tensorflow.python.eager.context"]),
        ("from tensorflow.core.protobuf import config_pb2", []),
        ("import jax._src.core", ["jax._src.core"]),
        ("import uvicorn", []),
        ("import uvicorn.config", ["uvicorn.config"]),
        ("x.y._hidden(1)", ["_hidden"]),
        ("class A(B):\n  def f(self): self._theirs()", ["_theirs"]),
        ("class A(B):\n  def _mine(self): self._mine()", []),
        ("class A(B):\n  def _theirs(self): super()._theirs()", ["_theirs"]),
        ("class A:\n  def f(self): self._mine = 1\n  def g(self, o: 'A'): o._mine", []),
        ("class A(Own):\n  def f(self): self._of_own()", []),
        ("getattr(model, '_flag', None)", ["_flag"]),
        ("getattr(model, 'jax_state_sync', None)", ["jax_state_sync"]),
        ("row._replace(a=1); os._exit(0); x.__dict__", []),
    ],
)
def test_what_is_a_private_use(tmp_path, code, names) -> None:
    (tmp_path / "own.py").write_text("class Own:\n  def _of_own(self): pass\n")
    (tmp_path / "file.py").write_text(code)
    found = private_uses(tmp_path, [tmp_path / "own.py", tmp_path / "file.py"])
    assert [name for _, name in found] == names


def parameters(function: Any) -> list[str]:
    return list(inspect.signature(function).parameters)


def check_aggregate_additional_loss() -> None:
    assert parameters(keras.Model._aggregate_additional_loss) == ["self", "loss"]


def check_jax_state_sync() -> None:
    if keras.backend.backend() == "jax":
        assert parameters(keras.Model.jax_state_sync) == ["self"]
    else:  # there the model holds its weights at any time
        assert not hasattr(keras.Model, "jax_state_sync")


def check_learning_rate() -> None:
    schedule = keras.optimizers.schedules.CosineDecay(0.1, 10)
    assert keras.optimizers.Adam(schedule)._learning_rate is schedule


def check_flatten_layers() -> None:
    inner = keras.layers.Dense(1)
    outer = keras.Sequential([inner])
    assert inner in outer._flatten_layers(include_self=False)
    assert parameters(keras.layers.Layer._flatten_layers)[1:] == ["include_self", "recursive"]


def check_actions() -> None:
    import argparse

    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--some", "-s")
    assert [action.option_strings for action in parser._actions] == [["--some", "-s"]]


def check_http_tools_protocol() -> None:
    import asyncio

    from uvicorn.config import Config
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
    from uvicorn.server import ServerState

    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    loop = asyncio.new_event_loop()
    protocol = HttpToolsProtocol(Config(app), ServerState(), {}, loop)
    loop.close()
    assert {"transport", "cycle", "loop", "timeout_keep_alive"} <= vars(protocol).keys()
    for name, taken in {
        "connection_made": ["transport"],
        "data_received": ["data"],
        "eof_received": [],
        "connection_lost": ["exc"],
        "on_message_begin": [],
        "on_headers_complete": [],
        "on_body": ["body"],
        "on_message_complete": [],
        "on_response_complete": [],
        "send_400_response": ["msg"],
    }.items():
        assert parameters(getattr(HttpToolsProtocol, name)) == ["self", *taken], name


def check_request_response_cycle() -> None:
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    taken = parameters(RequestResponseCycle)
    cycle = RequestResponseCycle(**dict.fromkeys(taken))
    assert {"keep_alive", "message_event"} <= set(taken)
    assert {"keep_alive", "message_event", "response_complete", "disconnected"} <= vars(
        cycle
    ).keys()


def check_start_asgi_task() -> None:
    from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

    assert parameters(HttpToolsProtocol._start_asgi_task) == ["self", "cycle", "app"]


def check_make_callable_from_options() -> None:
    import numpy as np
    import tensorflow as tf
    from tensorflow.core.protobuf import config_pb2

    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        x = tf.compat.v1.placeholder("float32", [None], name="x")
        tf.add(x, 1.0, name="y")
        options = config_pb2.CallableOptions(feed=["x:0"], fetch=["y:0"])
        [result] = session._make_callable_from_options(options)(np.float32([1, 2]))
    assert result.tolist() == [2, 3]


def check_make_beam_pipeline() -> None:
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor

    assert parameters(BaseBeamExecutor._make_beam_pipeline) == ["self"]


def check_beam_pipeline_args() -> None:
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor

    class Executor(BaseBeamExecutor):
        def Do(self, input_dict: Any, output_dict: Any, exec_properties: Any) -> None: ...

    assert Executor()._beam_pipeline_args == []


def check_wrap_function() -> None:
    import tensorflow as tf
    from tensorflow.python.eager import wrap_function

    with tf.Graph().as_default() as plain:
        del plain
        graph = tf.function(lambda x: {"y": x + 1.0}).get_concrete_function(1.0).graph
    whole = wrap_function.WrappedFunction(
        graph, variable_holder=wrap_function.VariableHolder(share_variables=True)
    )
    assert parameters(whole.prune)[:2] == ["feeds", "fetches"]


def check_structured_outputs() -> None:
    import tensorflow as tf

    traced = tf.function(lambda x: {"y": x, "z": x + 1}).get_concrete_function(
        tf.TensorSpec([], "int32")
    )
    assert list(traced.graph.structured_outputs) == ["y", "z"]


def check_remove_all_control_inputs() -> None:
    import tensorflow as tf

    with tf.Graph().as_default():
        first = tf.constant(1).op
        with tf.control_dependencies([first]):
            second = tf.constant(2).op
    assert second.control_inputs == [first]
    second._remove_all_control_inputs()
    assert second.control_inputs == []


def check_convert_variables_to_constants() -> None:
    from tensorflow.python.framework import convert_to_constants

    assert "func" in parameters(convert_to_constants.convert_variables_to_constants_v2)


def check_py_dataset_adapter() -> None:
    import keras
    from keras.src.trainers.data_adapters.py_dataset_adapter import PyDatasetAdapter

    class Two(keras.utils.PyDataset):
        def __len__(self) -> int:
            return 2

        def __getitem__(self, index: int) -> Any:
            return np.full(3, index)

    adapter = PyDatasetAdapter(Two())
    names = {"tensorflow": "get_tf_dataset", "jax": "get_jax_iterator"}
    iterator = getattr(adapter, names.get(keras.backend.backend(), "get_torch_dataloader"))()
    adapter.on_epoch_begin()
    assert sum(1 for _ in iterator) == 2
    adapter.on_epoch_end()


def check_rpc_event() -> None:
    import grpc

    def name_of_host(request: bytes, context: Any) -> bytes:
        return context._rpc_event.call_details.host

    # As behind an interceptor: methods that are registered by name have no details.
    handler = grpc.unary_unary_rpc_method_handler(name_of_host)
    server = grpc.server(ThreadPoolExecutor(1))
    server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler("S", {"M": handler})])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    options = [("grpc.default_authority", "named")]
    with grpc.insecure_channel(f"127.0.0.1:{port}", options) as channel:
        host = channel.unary_unary("/S/M")(b"", timeout=60)
    server.stop(None)
    assert host == b"named"


CHECKS: dict[str, tuple[Callable[[], None], str]] = {
    "_aggregate_additional_loss": (check_aggregate_additional_loss, "keras"),
    "jax_state_sync": (check_jax_state_sync, "keras"),
    "_learning_rate": (check_learning_rate, "keras"),
    "_flatten_layers": (check_flatten_layers, "keras"),
    "_actions": (check_actions, "argparse"),
    f"{HTTPTOOLS}.HttpToolsProtocol": (check_http_tools_protocol, "uvicorn"),
    f"{HTTPTOOLS}.RequestResponseCycle": (check_request_response_cycle, "uvicorn"),
    "_start_asgi_task": (check_start_asgi_task, "uvicorn"),
    "_rpc_event": (check_rpc_event, "grpc"),
    "_make_callable_from_options": (check_make_callable_from_options, "tensorflow"),
    "_make_beam_pipeline": (check_make_beam_pipeline, "tfx"),
    "_beam_pipeline_args": (check_beam_pipeline_args, "tfx"),
    "tensorflow.python.eager.wrap_function": (check_wrap_function, "tensorflow"),
    "structured_outputs": (check_structured_outputs, "tensorflow"),
    "_remove_all_control_inputs": (check_remove_all_control_inputs, "tensorflow"),
    "tensorflow.python.framework.convert_to_constants.convert_variables_to_constants_v2": (
        check_convert_variables_to_constants,
        "tensorflow",
    ),
    f"{ADAPTER}.PyDatasetAdapter": (check_py_dataset_adapter, "keras"),
}


def test_every_listed_use_is_checked() -> None:
    assert {name for _, name in LISTED} == CHECKS.keys()


@pytest.mark.parametrize("name", CHECKS)
def test_the_installed_version_has_it(name) -> None:
    check, package = CHECKS[name]
    if package in ("tensorflow", "tfx") and os.environ.get("KERAS_BACKEND", "") != "tensorflow":
        pytest.skip("TensorFlow's own run tests it")
    pytest.importorskip(package)
    check()


# Where a release of gRPC lacks it, a reload is answered INTERNAL: nothing is let in.
UNPINNED = {"argparse", "grpc"}


@pytest.mark.parametrize("package", sorted({p for _, p in CHECKS.values()} - UNPINNED))
def test_only_tested_versions_are_installed(package) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    texts = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    [requirement] = [Requirement(text) for text in texts if text.startswith(f"{package}>=")]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    [tested] = [
        Version(line[len(package) + 2 :]) for line in lines if line.startswith(f"{package}==")
    ]
    assert tested in requirement.specifier
    assert f"{tested.major}.{tested.minor + 1}" not in requirement.specifier
    assert f"{tested.major}.{tested.minor - 1}" not in requirement.specifier
