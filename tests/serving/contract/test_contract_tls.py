"""gRPC over TLS, by `--ssl_config_file`.

Sources: model_servers/server.cc (BuildServerCredentialsFromSSLConfigFile), config/ssl_config.proto.
"""

import json
from collections.abc import Callable
from pathlib import Path

import grpc
import pytest
import trustme
from contract_server import ContractServer

from serving.client import GrpcClient, ServingError

MODEL = "half_plus_two"


class Party:
    """A certificate authority and what it has signed."""

    def __init__(self) -> None:
        self.authority = trustme.CA()
        self.root = self.authority.cert_pem.bytes()
        self.certificate = self.authority.issue_cert("localhost", "127.0.0.1")

    @property
    def key(self) -> bytes:
        return self.certificate.private_key_pem.bytes()

    @property
    def chain(self) -> bytes:
        return b"".join(blob.bytes() for blob in self.certificate.cert_chain_pems)


@pytest.fixture(scope="module")
def company() -> Party:
    return Party()


@pytest.fixture(scope="module")
def tls_server(
    company: Party, models: Path, start_server: Callable, tmp_path_factory: pytest.TempPathFactory
) -> ContractServer:
    """Lets in whom the company has given a certificate; a string of JSON is one of a text proto."""
    file = tmp_path_factory.mktemp("tls") / "ssl.config"
    fields = {
        "server_key": company.key,
        "server_cert": company.chain,
        "custom_ca": company.root,
    }
    lines = [f"{name}: {json.dumps(value.decode())}" for name, value in fields.items()]
    file.write_text("\n".join([*lines, "client_verify: true"]))
    flags = (f"--model_name={MODEL}", f"--model_base_path={models}/{MODEL}")
    return start_server(f"--ssl_config_file={file}", *flags, serves=[MODEL])


def predict(server: ContractServer, credentials: grpc.ChannelCredentials | None) -> list[float]:
    with GrpcClient(server.grpc, MODEL, credentials) as client:
        return client.predict({"x": [1.0, 2.0]}, timeout=2.0)["y"].ravel().tolist()


def test_a_known_client_is_answered(tls_server: ContractServer, company: Party) -> None:
    credentials = grpc.ssl_channel_credentials(company.root, company.key, company.chain)
    assert predict(tls_server, credentials) == [2.5, 3.0]


def test_no_one_else_is(tls_server: ContractServer, company: Party) -> None:
    stranger = Party()
    for credentials in (
        None,
        grpc.ssl_channel_credentials(company.root),
        grpc.ssl_channel_credentials(company.root, stranger.key, stranger.chain),
    ):
        with pytest.raises(ServingError):
            predict(tls_server, credentials)


def test_a_client_turns_from_a_server_that_it_does_not_know(
    tls_server: ContractServer, company: Party
) -> None:
    credentials = grpc.ssl_channel_credentials(Party().root, company.key, company.chain)
    with pytest.raises(ServingError):
        predict(tls_server, credentials)
