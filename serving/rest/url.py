"""What a URL of the REST API asks for."""

import re
from dataclasses import dataclass
from urllib.parse import unquote

from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.status import invalid_argument

_VERSION_OR_LABEL = r"(?:(?:/versions/(\d+))|(?:/labels/([^/:]+)))?"
_FLAGS = re.IGNORECASE | re.ASCII
_API = re.compile("/v1/.*", _FLAGS)
_POST = re.compile(f"/v1/models/([^/:]+){_VERSION_OR_LABEL}:(classify|regress|predict)", _FLAGS)
_GET = re.compile(f"/v1/models(?:/([^/:]+))?{_VERSION_OR_LABEL}(?:/(metadata))?", _FLAGS)
_LARGEST = 2**63 - 1


@dataclass(frozen=True)
class RestCall:
    """A call of the REST API.

    Args:
        method: "predict", "classify", "regress", "metadata" or "status".
        model_spec: name, and version or label or neither.
    """

    method: str
    model_spec: ModelSpec


def is_api_path(path: str) -> bool:
    """Whether a path belongs to the REST API, well formed or not."""
    return _API.fullmatch(path) is not None


def parse_url(http_method: str, path: str) -> RestCall:
    """The call that a request makes.

    Args:
        http_method: "GET", "POST", ...
        path: as it came, escapes and query string included; model and label may hold escapes.

    Raises:
        StatusError: INVALID_ARGUMENT, no such call.

    Example:
        >>> parse_url("POST", "/v1/models/half/versions/2:predict").method
        'predict'

    Source:
        TensorFlow Serving, model_servers/http_rest_api_util.cc. As there, the words of the path
        match in any case, but a method that is not in lower case is none.
    """
    malformed = invalid_argument(f"Malformed request: {http_method} {path}")
    match http_method:
        case "POST":
            found = _POST.fullmatch(path)
            if not found or found[4] != found[4].lower():
                raise malformed
            return RestCall(found[4], _model_spec(found))
        case "GET":
            found = _GET.fullmatch(path)
            if not found:
                raise malformed
            if not found[1]:
                raise invalid_argument("Missing model name in request.")
            method = "metadata" if found[4] == "metadata" else "status"
            return RestCall(method, _model_spec(found))
    raise malformed


def _model_spec(found: re.Match[str]) -> ModelSpec:
    spec = ModelSpec(name=unquote(found[1]))
    if found[2]:
        digits = found[2].lstrip("0")
        if len(digits) > 19 or int(digits or 0) > _LARGEST:
            raise invalid_argument(f"Failed to convert version: {found[2]} to numeric.")
        spec.version.value = int(digits or 0)
    elif found[3]:
        spec.version_label = unquote(found[3])
    return spec
