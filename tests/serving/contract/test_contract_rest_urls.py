"""Paths, methods, headers and bodies of REST requests.

Sources: model_servers/http_rest_api_util.cc (the two regular expressions, decoding of names),
http_rest_api_handler.cc, http_server.cc, util/net_http/server/internal/evhttp_*.cc.
"""

import gzip
import json

import pytest
from contract_rest import RestApi

INSTANCES = json.dumps({"instances": [1.0]})


@pytest.mark.parametrize(
    "path",
    [
        "/v1/models/half_plus_two:predict",
        "/V1/Models/half_plus_two:predict",
        "/v1/models/half_plus_two/versions/123:predict",
        "/v1/models/half_plus_two/VERSIONS/00123:predict",
        "/v1/models/half%5Fplus%5ftwo:predict",
        "/v1/models/half%20plus%20two:predict",
        "/v1/models/half%20plus%20two/versions/123:predict",
    ],
)
def test_paths_of_predict(rest_api: RestApi, path: str) -> None:
    reply = rest_api.post(path, INSTANCES)
    assert (reply.status, reply.json) == (200, {"predictions": [2.5]})


@pytest.mark.parametrize(
    ("path", "version"),
    [
        ("/v1/models/versions:predict", 2),
        ("/v1/models/versions/versions/1:predict", 1),
        ("/v1/models/versions/versions/2:predict", 2),
        ("/v1/models/versions/labels/stable:predict", 1),
        ("/v1/models/versions/labels/canary:predict", 2),
        ("/v1/models/versions/Labels/st%61ble:predict", 1),
    ],
)
def test_the_latest_version_answers_unless_one_is_asked_for(
    rest_api: RestApi, path: str, version: int
) -> None:
    assert rest_api.post(path, INSTANCES).json == {"predictions": [1.0 + 100.0 * version]}


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/v1/models/absent:predict", 404, "Servable not found for request: Latest(absent)"),
        (
            "/v1/models/absent/versions/7:predict",
            404,
            "Servable not found for request: Specific(absent, 7)",
        ),
        (
            "/v1/models/versions/versions/3:predict",
            404,
            "Servable not found for request: Specific(versions, 3)",
        ),
        (
            "/v1/models/versions/labels/absent:predict",
            400,
            "Unrecognized servable version label: absent",
        ),
    ],
)
def test_what_is_not_served(rest_api: RestApi, path: str, status: int, message: str) -> None:
    reply = rest_api.post(path, INSTANCES)
    assert (reply.status, reply.error) == (status, message)
    assert reply.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/models/half_plus_two:predict?a=b"),
        ("GET", "/v1/models/half_plus_two/metadata?a=b"),
        # The path is matched in any case, the name of the method is then compared as it is.
        ("POST", "/v1/models/half_plus_two:PREDICT"),
        ("POST", "/v1/models/half_plus_two"),
        ("POST", "/v1/models/half_plus_two:explain"),
        ("POST", "/v1/models/half_plus_two:predict/"),
        ("POST", "/v1/models/half_plus_two/version/123:predict"),
        ("POST", "/v1/models/half_plus_two/versions/latest:predict"),
        ("POST", "/v1/models/half_plus_two/versions/-1:predict"),
        ("POST", "/v1/models/half_plus_two/versions/1/labels/a:predict"),
        ("POST", "/v1/models/:predict"),
        ("POST", "/v1/models"),
        ("POST", "/v1/foo"),
        ("GET", "/v1/"),
        ("GET", "/v1/foo"),
        ("GET", "/v1/models/half_plus_two/"),
        ("GET", "/v1/models/half_plus_two:predict"),
        ("GET", "/v1/models/half_plus_two/versions/a"),
        ("PUT", "/v1/models/half_plus_two:predict"),
        ("DELETE", "/v1/models/half_plus_two"),
        ("PATCH", "/v1/models/half_plus_two:predict"),
    ],
)
def test_malformed_requests_are_400(rest_api: RestApi, method: str, path: str) -> None:
    body = INSTANCES if method in ("POST", "PUT", "PATCH") else None
    reply = rest_api.request(method, path, body)
    assert (reply.status, reply.error) == (400, f"Malformed request: {method} {path}")
    assert reply.headers["Content-Type"] == "application/json"


def test_the_query_of_a_status_is_of_the_model_s_name(rest_api: RestApi) -> None:
    # The name is whatever has no "/" and no ":", and there is no query to the expression.
    reply = rest_api.get("/v1/models/half_plus_two?a=b")
    message = "Could not find any versions of model half_plus_two?a=b"
    assert (reply.status, reply.error) == (404, message)


def test_head_is_no_method_of_the_api(rest_api: RestApi) -> None:
    assert rest_api.request("HEAD", "/v1/models/half_plus_two").status == 400


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["/", "/v1", "/v2/models/half_plus_two", "/index.html"])
def test_unknown_paths_are_404(rest_api: RestApi, embedded: bool, method: str, path: str) -> None:
    status = rest_api.request(method, path, INSTANCES if method == "POST" else None).status
    # The one thing that the embedded server has at no path of the API: its page, on by default.
    assert status == (200 if embedded and (method, path) == ("GET", "/") else 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/models/half_plus_two/versions/18446744073709551615:predict"),
        ("GET", "/v1/models/half_plus_two/versions/18446744073709551615"),
    ],
)
def test_a_version_beyond_int64_is_400(rest_api: RestApi, method: str, path: str) -> None:
    # ProcessRequest returns this one error early, some versions of it without a body.
    reply = rest_api.request(method, path, INSTANCES if method == "POST" else None)
    assert reply.status == 400


@pytest.mark.parametrize("content_type", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_the_content_type_of_a_request_does_not_matter(
    rest_api: RestApi, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    reply = rest_api.request("POST", "/v1/models/half_plus_two:predict", INSTANCES, headers)
    assert reply.json == {"predictions": [2.5]}


def test_bodies_may_be_gzipped(rest_api: RestApi) -> None:
    values = [float(value % 7) for value in range(30_000)]
    body = gzip.compress(json.dumps({"signature_name": "float", "inputs": values}).encode())
    headers = {"Content-Encoding": "gzip"}
    reply = rest_api.request("POST", "/v1/models/echo:predict", body, headers)
    assert reply.json == {"outputs": values}


def test_a_body_that_is_not_gzipped_as_it_says_is_400(rest_api: RestApi) -> None:
    # evhttp_request.cc drops what it cannot inflate: what is then said is of no body at all.
    headers = {"Content-Encoding": "gzip"}
    reply = rest_api.request("POST", "/v1/models/half_plus_two:predict", INSTANCES, headers)
    assert reply.status == 400
    assert reply.error


def test_cors_is_off_unless_asked_for(rest_api: RestApi) -> None:
    headers = {"Origin": "http://example.org"}
    path = "/v1/models/half_plus_two:predict"
    for reply in (
        rest_api.request("POST", path, INSTANCES, headers),
        rest_api.request("OPTIONS", path, None, headers),
    ):
        assert "Access-Control-Allow-Origin" not in reply.headers
