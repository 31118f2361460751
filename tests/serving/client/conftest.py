"""One embedded server for all tests of the clients, asked through both APIs."""

from collections.abc import Iterator

import pytest
from client_server import Connect, Served, free_port, serve
from served_models import write_plain_model, write_ranking_model

from serving.client import GrpcClient, ModelClient, RestClient

CONFIG = """
model_config_list {{
  config {{ name: "ranking" base_path: "{root}/ranking" model_platform: "tensorflow" }}
  config {{
    name: "plain" base_path: "{root}/plain" model_platform: "tensorflow"
    model_version_policy {{ all {{}} }}
    version_labels {{ key: "stable" value: 1 }}
  }}
}}
"""


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """The embedded server with the models `ranking` (1) and `plain` (1 and 2)."""
    root = tmp_path_factory.mktemp("models")
    write_ranking_model(root / "ranking" / "1")
    write_plain_model(root / "plain" / "1", divisor=2.0)
    write_plain_model(root / "plain" / "2", divisor=4.0)
    with serve(root, CONFIG.format(root=root), "ranking", "plain") as found:
        yield found


@pytest.fixture(params=["rest", "grpc"])
def connect(request: pytest.FixtureRequest, served: Served) -> Iterator[Connect]:
    """Makes clients of a model, over REST and over gRPC."""
    clients: list[ModelClient] = []

    def make(model: str) -> ModelClient:
        over_rest = request.param == "rest"
        client = RestClient(served.rest, model) if over_rest else GrpcClient(served.grpc, model)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.fixture
def closed_port() -> int:
    """Where no server is."""
    return free_port()
