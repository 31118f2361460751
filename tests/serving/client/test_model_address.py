import pytest

from serving.client import GrpcClient, ModelAddress, RestClient, ServingError


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:1/v1/models/m", ModelAddress("http://h:1", "m")),
        ("http://h:1/v1/models/m:predict", ModelAddress("http://h:1", "m")),
        ("https://h/a/v1/models/m/versions/12", ModelAddress("https://h/a", "m", 12)),
        ("http://h:1/v1/models/m/versions/0:predict", ModelAddress("http://h:1", "m", 0)),
        ("http://[::1]:1/v1/models/m/", ModelAddress("http://[::1]:1", "m")),
        ("http://h:1/v1/models/a%20b/labels/s%2F1", ModelAddress("http://h:1", "a b", None, "s/1")),
        ("grpc://h:1/m", ModelAddress("h:1", "m")),
        ("grpc://h:1/m/versions/3", ModelAddress("h:1", "m", 3)),
        ("grpc://h:1/m/labels/stable", ModelAddress("h:1", "m", None, "stable")),
    ],
)
def test_addresses(url: str, expected: ModelAddress) -> None:
    found = ModelAddress.parse(url)
    assert found == expected
    with found.connect() as client:
        assert isinstance(client, GrpcClient if url.startswith("grpc") else RestClient)
        assert (client.address, client.model) == (expected.server, expected.model)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "h:1/m",
        "http://h:1",
        "http://h:1/v1/models/",
        "http://h:1/m",
        "http://h:1/v1/models/m/versions/x",
        "http://h:1/v1/models/m:classify",
        "http://h:1/v1/models/m/versions/1/labels/a",
        "grpc://h:1",
        "grpc:///m",
        "grpc://h:1/v1/models/m",
        "ftp://h/v1/models/m",
    ],
)
def test_what_is_none(url: str) -> None:
    with pytest.raises(ServingError, match="give http://HOST:PORT/v1/models/NAME or grpc://"):
        ModelAddress.parse(url)
