"""Whatever a request is called, the server reads nothing but what it serves."""

import ast
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from hostile_grpc import call, predict_request, tensor
from hostile_server import REPOSITORY, HostileServer, wait_until
from raw_http import BODY, exchange, post
from tensorflow.core.framework import types_pb2
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusRequest

PLAIN = pytest.mark.parametrize("running", ["plain"], indirect=True)
# Part of every name that is sent, whatever its encoding, and of no path.
MARK = "uninvited"
NAMES = (
    MARK,
    f"/{MARK}",
    f"../{MARK}",
    f"../../../../../../../../{MARK}",
    f"..%2f..%2f{MARK}",
    f"%2e%2e%2f{MARK}",
    f"%2f{MARK}",
    f"file:///{MARK}",
    f"{MARK}%00",
    f"{MARK}/saved_model.pb",
    f"~/{MARK}",
    f"C:\\{MARK}",
)
_QUOTED_PATH = re.compile(r'"((?:[^"\\]|\\.)*)"')


@PLAIN
def test_python_opens_no_path_of_a_request(
    server: HostileServer, model: Path, opened: Path
) -> None:
    before = len(opened.read_bytes())
    _send_names(server)
    lines = opened.read_bytes()[before:].decode().splitlines()
    _assert_invited([str(ast.literal_eval(line)) for line in lines], model)


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
@PLAIN
def test_no_system_call_has_a_path_of_a_request(
    server: HostileServer, model: Path, tmp_path: Path
) -> None:
    trace = tmp_path / "trace"
    command = ["strace", "-f", "-e", "trace=%file", "-s", "4096", "-o", str(trace)]
    tracer = subprocess.Popen(
        [*command, "-p", str(server.process.pid)], stderr=subprocess.PIPE, text=True
    )
    try:
        assert tracer.stderr is not None
        if "attached" not in tracer.stderr.readline():
            pytest.skip("strace may not attach to processes here")
        _send_names(server)
        # The server looks at its directory every second: from then on the trace is complete.
        assert wait_until(lambda: str(model) in trace.read_text(errors="replace"))
    finally:
        tracer.terminate()
        tracer.communicate(timeout=60)
    calls = trace.read_text(errors="replace").splitlines()
    _assert_invited([path for line in calls for path in _QUOTED_PATH.findall(line)], model)


def _send_names(server: HostileServer) -> None:
    for name in NAMES:
        for place in (
            "/{}",
            "/page/{}",
            "/page/version.json?model={}&version=1",
            "/v1/models/{}",
            "/v1/models/{}/versions/1/metadata",
        ):
            path = place.format(name)
            assert 400 <= exchange(server.rest, f"GET {path} HTTP/1.1\r\n\r\n".encode())[0] < 500
        for place in ("/v1/models/{}:predict", "/v1/models/hostile/labels/{}:predict"):
            assert 400 <= exchange(server.rest, post(path=place.format(name)))[0] < 500
        body = BODY.replace(b'"value"', b'"%b"' % name.replace("\\", "\\\\").encode())
        assert exchange(server.rest, post(body))[0] == 400
        request = predict_request(name, {name: tensor(types_pb2.DT_FLOAT, 1)})
        assert call(server.channel, "Predict", request.SerializeToString())[0] != "OK"
        request.model_spec.name = name
        assert call(server.channel, "Predict", request.SerializeToString())[0] == "NOT_FOUND"
        status = GetModelStatusRequest(model_spec=request.model_spec)
        assert call(server.channel, "GetModelStatus", status.SerializeToString())[0] == "NOT_FOUND"
    server.check()


def _assert_invited(paths: list[str], model: Path) -> None:
    # Python may load a module of its own, or of the server, when it is needed first; the C library
    # asks the system for its processors.
    own = {sys.prefix, sys.base_prefix, sysconfig.get_path("stdlib"), REPOSITORY / "serving"}
    own |= {"/sys/devices/system/cpu", "/proc/self"}
    for path in paths:
        assert MARK not in path
        absolute = path.startswith("/")
        roots = [model, *own]
        assert not absolute or any(Path(path).is_relative_to(root) for root in roots), path
