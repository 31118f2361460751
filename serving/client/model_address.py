"""Addresses of served models as URLs."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from serving.client.model_client import ModelClient
from serving.client.serving_error import ServingError
from serving.status import Code

_CHOICE = r"/(?P<model>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
_REST = re.compile(rf"(?P<server>https?://[^?#]+?)/v1/models{_CHOICE}(?::predict)?/?")
_GRPC = re.compile(rf"grpc://(?P<server>[^/?#]+){_CHOICE}/?")


@dataclass(frozen=True)
class ModelAddress:
    """Where a model is served.

    Args:
        server: "http://HOST:PORT" for REST, "HOST:PORT" for gRPC.
        model: the model's name.
        version: one of its versions; None for the server's choice.
        label: likewise by label.

    Example:
        >>> ModelAddress.parse("http://localhost:8501/v1/models/video/versions/3")
        ModelAddress(server='http://localhost:8501', model='video', version=3, label=None)
    """

    server: str
    model: str
    version: int | None = None
    label: str | None = None

    @classmethod
    def parse(cls, url: str) -> "ModelAddress":
        """Read a URL.

        Args:
            url: http://HOST:PORT/v1/models/NAME or grpc://HOST:PORT/NAME, either followed by
                nothing, /versions/NUMBER or /labels/LABEL; and for REST by :predict.

        Raises:
            ServingError: INVALID_ARGUMENT, it is none of these.
        """
        found = _REST.fullmatch(url) or _GRPC.fullmatch(url)
        if found is None:
            raise ServingError(
                Code.INVALID_ARGUMENT,
                f"{url!r} is no address of a served model: give http://HOST:PORT/v1/models/NAME or "
                "grpc://HOST:PORT/NAME, with /versions/NUMBER or /labels/LABEL after it if need be",
            )
        version, label = found["version"], found["label"]
        return cls(
            found["server"],
            unquote(found["model"]),
            int(version) if version else None,
            unquote(label) if label else None,
        )

    @property
    def is_rest(self) -> bool:
        """Whether it is of the REST API; else it is of gRPC, whose client needs TensorFlow."""
        return self.server.startswith(("http://", "https://"))

    def connect(self) -> ModelClient:
        """A client of the model."""
        if self.is_rest:
            from serving.client.rest_client import RestClient

            return RestClient(self.server, self.model)
        from serving.client.grpc_client import GrpcClient

        return GrpcClient(self.server, self.model)
