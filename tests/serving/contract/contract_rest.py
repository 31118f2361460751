"""REST requests as the wire has them: nothing about a path, a header or a body is tidied up."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from email.message import Message
from typing import Any


@dataclass(frozen=True)
class Reply:
    """What a server answered."""

    status: int
    headers: Message
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> str:
        """The message of an error; every one is `{"error": message}`."""
        assert set(self.json) == {"error"}, self.body
        return self.json["error"]


class RestApi:
    """The REST interface of one server.

    Args:
        address: "host:port".

    Example:
        >>> RestApi("localhost:8501").predict("half_plus_two", {"instances": [1.0]}).json
        {'predictions': [2.5]}
    """

    def __init__(self, address: str) -> None:
        self.address = address

    def request(
        self,
        method: str,
        path: str,
        body: str | bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        try:
            content = body.encode() if isinstance(body, str) else body
            connection.request(method, path, content, dict(headers or {}))
            response = connection.getresponse()
            return Reply(response.status, response.headers, response.read())
        finally:
            connection.close()

    def get(self, path: str) -> Reply:
        return self.request("GET", path)

    def post(self, path: str, payload: str | Mapping[str, Any]) -> Reply:
        """POST a payload, as JSON unless it is text already."""
        body = payload if isinstance(payload, str) else json.dumps(payload)
        return self.request("POST", path, body, {"Content-Type": "application/json"})

    def predict(self, model: str, payload: str | Mapping[str, Any]) -> Reply:
        return self.post(f"/v1/models/{model}:predict", payload)

    def classify(self, model: str, payload: str | Mapping[str, Any]) -> Reply:
        return self.post(f"/v1/models/{model}:classify", payload)

    def regress(self, model: str, payload: str | Mapping[str, Any]) -> Reply:
        return self.post(f"/v1/models/{model}:regress", payload)
