"""What goes wrong between a client and the embedded server, as sentences."""

import subprocess
import sys
from typing import Any

import pytest
from client_server import REPOSITORY, Connect, Served
from served_models import raw_columns

from serving.client import GrpcClient, RestClient, ServingError
from serving.status import Code

ROW = {name: values[1] for name, values in raw_columns().items()}
ITEMS = ("video_id", "tag", "duration")
USER = {name: value for name, value in ROW.items() if name not in ITEMS}
ITEM = {name: ROW[name] for name in ITEMS}
TAKES = r"signature 'predict' takes .*user_id: string \[any\].*view__tag: string \[any, any\]"


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([{**ROW, "user_ld": 1}], f"row 0 has 'user_ld', which .*mean 'user_id'\\? {TAKES}"),
        ([ROW, {**ROW, "tab": "x"}], "tab holds 'x'; it takes int64, or None"),
        ([ROW, {k: v for k, v in ROW.items() if k != "tab"}], f"row 1 lacks 'tab'; {TAKES}"),
        ({**ROW, "ta": []}, "the request has 'ta'.*did you mean 'ta[bg]'"),
        ([1, 2], f"row 0 is no object of named values; {TAKES}"),
        (7, f"the request is no object of named values; {TAKES}"),
        ([], f"there are no rows; {TAKES}"),
    ],
)
def test_features_that_do_not_fit(connect: Connect, features: Any, message: str) -> None:
    with pytest.raises(ServingError, match=message) as refused:
        connect("ranking").predict(features, "predict")
    assert refused.value.code is Code.INVALID_ARGUMENT


@pytest.mark.parametrize(
    ("user", "candidates", "message"),
    [
        (USER, [ITEM, {}], "candidate 1 lacks 'video_id'; signature 'rank' takes"),
        (USER, [{**ITEM, "tga": 1}], "'tga', which is no input; did you mean 'tag'"),
        (ROW, [ITEM], "'video_id' is given for the user, but comes from the candidates"),
        ({**USER, "candidate_count": 1}, [ITEM], "'candidate_count' is given for the user"),
        ({}, [ITEM], "lacks 'tab', 'user_id', 'view__tag', 'view__video_id'; signature 'rank'"),
    ],
)
def test_rankings_that_do_not_fit(
    connect: Connect, user: Any, candidates: Any, message: str
) -> None:
    with pytest.raises(ServingError, match=message) as refused:
        connect("ranking").rank(user, candidates)
    assert refused.value.code is Code.INVALID_ARGUMENT


def test_what_the_server_does_not_serve(connect: Connect) -> None:
    client = connect("plain")
    with pytest.raises(ServingError, match="no signature 'predict'; it has echo, narrow, serving"):
        client.predict([1.0], "predict")
    for chosen in ({"version": 9}, {"label": "unheard"}):
        with pytest.raises(ServingError, match=client.address):
            client.predict([1.0], **chosen)
    with pytest.raises(ServingError, match="a version or a label, not both"):
        client.predict([1.0], version=1, label="stable")
    unheard = connect("unheard")
    with pytest.raises(ServingError, match="unheard") as refused:
        unheard.status()
    assert refused.value.code is Code.NOT_FOUND
    with pytest.raises(ServingError, match=r"unheard is not available after 0.5 s: ") as late:
        unheard.wait_until_available(0.5)
    assert late.value.code is Code.DEADLINE_EXCEEDED


def test_what_the_model_refuses(connect: Connect) -> None:
    with pytest.raises(ServingError, match="parse") as refused:
        connect("ranking").predict([b"no example"])
    assert refused.value.code is Code.INVALID_ARGUMENT


def test_no_server(closed_port: int) -> None:
    for client in (
        RestClient(f"http://localhost:{closed_port}", "plain"),
        GrpcClient(f"localhost:{closed_port}", "plain"),
    ):
        with client, pytest.raises(ServingError, match="Is the server running") as refused:
            client.status()
        assert refused.value.code is Code.UNAVAILABLE
        assert str(closed_port) in str(refused.value)


def test_the_other_api_s_port(served: Served) -> None:
    rest = RestClient(f"http://{served.grpc}", "plain")
    with rest, pytest.raises(ServingError, match="is the REST port") as refused:
        rest.status()
    assert refused.value.code is Code.UNAVAILABLE
    grpc = GrpcClient(served.rest.removeprefix("http://"), "plain")
    with grpc, pytest.raises(ServingError, match="its gRPC port") as refused:
        grpc.status()
    assert refused.value.code is Code.UNAVAILABLE


def test_another_path(served: Served) -> None:
    client = RestClient(f"{served.rest}/somewhere", "plain")
    with client, pytest.raises(ServingError) as refused:
        client.status()
    assert refused.value.code in (Code.NOT_FOUND, Code.INVALID_ARGUMENT)


@pytest.mark.parametrize("url", ["localhost:8501", "ftp://localhost", "http://", "/v1/models/m"])
def test_a_url_that_is_none(url: str) -> None:
    with pytest.raises(ServingError, match="no URL of the form http://HOST:PORT"):
        RestClient(url, "plain")
    with pytest.raises(ServingError, match="not of the form HOST:PORT"):
        GrpcClient("http://localhost:8500", "plain")


def test_imports() -> None:
    """The package costs nothing to import, the REST client needs neither TensorFlow nor Keras."""
    code = (
        "import sys; import serving.client; first = set(sys.modules);"
        "from serving.client import RestClient, ModelAddress, answer; second = set(sys.modules);"
        "heavy = {'numpy', 'requests', 'grpc', 'tensorflow', 'infnet_keras', 'keras'};"
        "print(sorted(heavy & first), sorted(heavy & second),"
        "sorted(name for name in second if name.startswith('serving.') and 'client' not in name))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[] ['infnet_keras', 'numpy', 'requests'] ['serving.status']\n"
