"""Which URLs are calls of the REST API."""

import pytest

from serving.rest.url import is_api_path, parse_url
from serving.status import Code, StatusError


@pytest.mark.parametrize(
    ("path", "name", "version", "label", "method"),
    [
        ("/v1/models/half:predict", "half", None, None, "predict"),
        ("/v1/models/half/versions/12:classify", "half", 12, None, "classify"),
        ("/v1/models/half/versions/0012:regress", "half", 12, None, "regress"),
        ("/v1/models/half/labels/stable:predict", "half", None, "stable", "predict"),
        ("/V1/MODELS/Half/Versions/1:predict", "Half", 1, None, "predict"),
        ("/v1/models/a%2Fb%3Ac/labels/%C3%BC:predict", "a/b:c", None, "ü", "predict"),
        ("/v1/models/..:predict", "..", None, None, "predict"),
    ],
)
def test_posts(path: str, name: str, version: int | None, label: str | None, method: str) -> None:
    call = parse_url("POST", path)
    assert (call.method, call.model_spec.name) == (method, name)
    chosen = call.model_spec.WhichOneof("version_choice")
    assert chosen == ("version" if version else "version_label" if label else None)
    assert (call.model_spec.version.value or None) == version
    assert (call.model_spec.version_label or None) == label


@pytest.mark.parametrize(
    ("path", "method"),
    [
        ("/v1/models/half", "status"),
        ("/v1/models/half/versions/3", "status"),
        ("/v1/models/half/labels/canary/metadata", "metadata"),
        ("/v1/models/half/metadata", "metadata"),
        ("/v1/models/half/METADATA", "status"),  # the real server's own answer
    ],
)
def test_gets(path: str, method: str) -> None:
    assert parse_url("GET", path).method == method


@pytest.mark.parametrize(
    ("http_method", "path"),
    [
        ("POST", "/v1/models/half"),
        ("POST", "/v1/models/half:foo"),
        ("POST", "/v1/models/half:PREDICT"),
        ("POST", "/v1/models/half:predict?x=1"),
        ("POST", "/v1/models/half:predict\n"),
        ("POST", "/v1/models/half/versions/x:predict"),
        ("POST", "/v1/models/half/versions/1/labels/a:predict"),
        ("POST", "/v1/models/a/b:predict"),
        ("POST", "/v1/models/:predict"),
        ("GET", "/v1/models/half:predict"),
        ("GET", "/v1/models/half/"),
        ("GET", "/v1/half"),
        ("PUT", "/v1/models/half:predict"),
        ("OPTIONS", "/v1/models/half:predict"),
        ("HEAD", "/v1/models/half"),
    ],
)
def test_everything_else_is_malformed(http_method: str, path: str) -> None:
    with pytest.raises(StatusError) as error:
        parse_url(http_method, path)
    assert error.value.code is Code.INVALID_ARGUMENT
    assert error.value.message == f"Malformed request: {http_method} {path}"


@pytest.mark.parametrize("digits", ["9223372036854775808", "9" * 20, "9" * 10000])
def test_a_version_beyond_64_bits_is_refused(digits: str) -> None:
    with pytest.raises(StatusError, match="Failed to convert version"):
        parse_url("GET", f"/v1/models/half/versions/{digits}")


def test_the_largest_version_and_leading_zeros_are_fine() -> None:
    path = f"/v1/models/half/versions/{'0' * 9000}9223372036854775807"
    assert parse_url("GET", path).model_spec.version.value == 2**63 - 1
    assert parse_url("GET", "/v1/models/half/versions/000").model_spec.version.value == 0


def test_all_models_at_once_cannot_be_asked_for() -> None:
    with pytest.raises(StatusError, match="Missing model name in request"):
        parse_url("GET", "/v1/models")


def test_api_paths() -> None:
    assert is_api_path("/v1/anything")
    assert is_api_path("/V1/")
    assert not is_api_path("/v2/models/half")
    assert not is_api_path("/")
