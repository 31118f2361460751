"""The client of the REST API."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.exceptions import NewConnectionError, ProtocolError, ReadTimeoutError

from infnet_keras.request.json_tensors import from_json, to_json
from infnet_keras.request.signature import Signature
from infnet_keras.request.to_array import Array
from serving.client.model_client import ModelClient
from serving.client.rest_retry import RestRetry, calling_until
from serving.client.serving_error import ServingError
from serving.status import Code

_CODES = {
    400: Code.INVALID_ARGUMENT,
    401: Code.UNAUTHENTICATED,
    403: Code.PERMISSION_DENIED,
    404: Code.NOT_FOUND,
    405: Code.UNIMPLEMENTED,
    409: Code.ABORTED,
    412: Code.FAILED_PRECONDITION,
    413: Code.RESOURCE_EXHAUSTED,
    416: Code.OUT_OF_RANGE,
    429: Code.RESOURCE_EXHAUSTED,
    499: Code.CANCELLED,
    500: Code.INTERNAL,
    501: Code.UNIMPLEMENTED,
    503: Code.UNAVAILABLE,
    504: Code.DEADLINE_EXCEEDED,
}
_CONNECTIONS = 32
_ESCAPED_ERROR = re.compile(r'\s*\{\s*"error":\s*"(.*)"\s*\}\s*', re.DOTALL)


class RestClient(ModelClient):
    """Asks one model through TensorFlow Serving's REST API; imports no TensorFlow.

    The API has no float16, bfloat16 or complex inputs, and no array with an empty axis before
    another: `GrpcClient` sends those.

    Args:
        url: of the server, "http://HOST:PORT" (port 8501 by default there), with a path in front of
            `/v1/` where a proxy adds one.
        model: the model's name.
        headers: sent with every request, such as a proxy's authorization.
        refuse_unreadable: whether the embedded server is to refuse a request with a date, a time
            or a number in text that the model cannot read, which it answers as missing otherwise.

    Raises:
        ServingError: INVALID_ARGUMENT, the URL is none.

    Example:
        >>> with RestClient("http://localhost:8501", "half_plus_two") as client:
        ...     client.predict({"x": [1.0, 2.0, 5.0]})
        {'y': array([2.5, 3. , 4.5], dtype=float32)}
    """

    def __init__(
        self,
        url: str,
        model: str,
        headers: Mapping[str, str] | None = None,
        refuse_unreadable: bool = False,
    ) -> None:
        super().__init__(url.rstrip("/"), model)
        if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
            raise ServingError(
                Code.INVALID_ARGUMENT, f"{url!r} is no URL of the form http://HOST:PORT"
            )
        self._session = requests.Session()
        self._session.headers.update(headers or {})
        if refuse_unreadable:
            self._session.headers["unreadable-values"] = "refuse"
        adapter = HTTPAdapter(pool_maxsize=_CONNECTIONS, max_retries=RestRetry.policy())
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, adapter)

    def close(self) -> None:
        """Close the connections; no call may follow."""
        self._session.close()

    def _request_predict(
        self,
        arrays: Mapping[str, Array],
        signature: Signature,
        version: int | None,
        label: str | None,
        deadline: float,
    ) -> dict[str, Array]:
        for name, array in arrays.items():
            if 0 in array.shape[:-1]:
                raise ServingError(
                    Code.INVALID_ARGUMENT,
                    f"{name} would have the shape {list(array.shape)}, which JSON cannot say: "
                    "send it by gRPC",
                )
        inputs = {name: to_json(array) for name, array in arrays.items()}
        body = json.dumps({"signature_name": signature.name, "inputs": inputs}).encode()
        path = f"{self._model_path(version, label)}:predict"
        return self._outputs(self._send("POST", path, deadline, body), signature)

    def _outputs(self, answer: Mapping[str, Any], signature: Signature) -> dict[str, Array]:
        names = signature.outputs.keys()
        try:
            outputs = answer["outputs"]
            values = {next(iter(names)): outputs} if len(names) == 1 else dict(outputs)
            if values.keys() != names:
                raise ValueError(f"it has {', '.join(values)}")
            return {name: from_json(values[name], signature.outputs[name]) for name in names}
        except (KeyError, TypeError, ValueError) as error:
            # A new version with other outputs answers so: FAILED_PRECONDITION, ask what they are.
            message = f"an answer that is not one of signature {signature.name!r}: {error}"
            raise self._error(Code.FAILED_PRECONDITION, message) from error

    def _request_metadata(
        self, version: int | None, label: str | None, deadline: float
    ) -> Mapping[str, Any]:
        return self._send("GET", f"{self._model_path(version, label)}/metadata", deadline)

    def _request_status(self, version: int | None, deadline: float) -> Mapping[str, Any]:
        return self._send("GET", self._model_path(version, None), deadline)

    def _model_path(self, version: int | None, label: str | None) -> str:
        chosen = "" if version is None else f"/versions/{version}"
        if label is not None:
            chosen = f"/labels/{quote(label, safe='')}"
        return f"/v1/models/{quote(self.model, safe='')}{chosen}"

    def _send(
        self, method: str, path: str, deadline: float, body: bytes | None = None
    ) -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} if body is not None else {}
        self._time_left(deadline)
        try:
            with calling_until(deadline) as timeout:
                response = self._session.request(
                    method, self.address + path, data=body, headers=headers, timeout=timeout
                )
        except requests.RequestException as error:
            raise self._unreached(error) from error
        # What the server passes on of a string that is not UTF-8 is kept, as lone surrogates.
        text = response.content.decode("utf-8", "surrogateescape")
        answer = _json_object(text)
        if response.status_code == requests.codes.ok and answer is not None:
            return answer
        code = _CODES.get(response.status_code, Code.UNKNOWN)
        message = _error_message(text) if answer is None else answer.get("error")
        raise self._error(
            code,
            str(message)
            if message is not None
            else f"HTTP {response.status_code} without the JSON of TensorFlow Serving; is this its "
            f"REST port (--rest_api_port)? The answer begins {text[:100]!r}",
        )

    def _error(self, code: Code, message: str) -> ServingError:
        return ServingError(code, message, self.address)

    def _unreached(self, error: requests.RequestException) -> ServingError:
        """Why there is no answer, and what to check."""
        cause = error.args[0] if error.args else error
        reason = getattr(cause, "reason", cause)
        if isinstance(error, requests.Timeout) or isinstance(reason, ReadTimeoutError):
            return self._error(Code.DEADLINE_EXCEEDED, "no answer within the call's timeout")
        if isinstance(reason, NewConnectionError):
            what = str(reason).partition(": ")[2]
            check = "Is the server running, and is this its REST port (--rest_api_port)?"
        elif isinstance(reason, ProtocolError):
            what = f"No HTTP answer: {reason}"
            check = "Is this the REST port (--rest_api_port), not the one of gRPC?"
        else:
            return self._error(Code.UNAVAILABLE, str(reason))
        return self._error(Code.UNAVAILABLE, f"{what}. {check}")


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _error_message(text: str) -> str | None:
    """The message of a body that is JSON but for its escapes, which may be those of C."""
    found = _ESCAPED_ERROR.fullmatch(text)
    if found is None:
        return None
    escaped = found[1].encode("utf-8", "surrogateescape")
    return escaped.decode("unicode_escape").encode("latin-1", "replace").decode("utf-8", "replace")
