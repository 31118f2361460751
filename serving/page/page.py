"""The page's routes: its files, held in memory, and the data that it shows."""

import json
from collections.abc import Callable
from importlib.resources import files
from typing import NamedTuple
from urllib.parse import parse_qs

from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.lifecycle.server_core import ServerCore
from serving.page.served_models import served_models
from serving.page.version_details import version_details
from serving.status import invalid_argument

# Of the page itself: nothing is loaded from elsewhere, no script or style stands in the document.
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        b"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cache-control", b"no-cache"),
)
_FILES = {
    "/": ("page.html", b"text/html; charset=utf-8"),
    "/page/page.css": ("page.css", b"text/css; charset=utf-8"),
    "/page/page.js": ("page.js", b"text/javascript; charset=utf-8"),
    "/page/encode.js": ("encode.js", b"text/javascript; charset=utf-8"),
    "/page/icon.svg": ("icon.svg", b"image/svg+xml"),
}
_LARGEST = 2**63 - 1


class PageAnswer(NamedTuple):
    """A response with status 200."""

    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes


class Page:
    """A page at `/` on the served models, everything else of it below `/page/`.

    Predictions are sent by the browser to the REST API, as any other client sends them. No path of
    a request is ever opened: the files are read once, here, and a model's own files are found by
    its configuration.

    Args:
        core: the served models.

    Example:
        >>> page = Page(core)
        >>> page.owns("GET", "/")
        True
        >>> page.answer("/page/models.json").body
        b'{"models": [{"name": "half", ...'
    """

    def __init__(self, core: ServerCore) -> None:
        self._core = core
        static = files("serving.page") / "static"
        self._files = {
            path: PageAnswer(((b"content-type", kind), *_HEADERS), (static / name).read_bytes())
            for path, (name, kind) in _FILES.items()
        }
        self._data: dict[str, Callable[[str], object]] = {
            "/page/models.json": lambda query: served_models(self._core),
            "/page/version.json": self._version,
        }

    def owns(self, method: str, path_and_query: str) -> bool:
        """Whether a request is the page's to answer; all others are the API's."""
        path = path_and_query.partition("?")[0]
        return method == "GET" and (path in self._files or path in self._data)

    def answer(self, path_and_query: str) -> PageAnswer:
        """Answer a request that the page owns.

        Raises:
            StatusError: the query names no model version that is served.
        """
        path, _, query = path_and_query.partition("?")
        if path in self._files:
            return self._files[path]
        text = json.dumps(self._data[path](query), ensure_ascii=False)
        # A model's texts may hold lone surrogates, which have no encoding.
        body = text.encode(errors="replace")
        return PageAnswer(((b"content-type", b"application/json"), *_HEADERS), body)

    def _version(self, query: str) -> object:
        asked = parse_qs(query)
        spec = ModelSpec(name=asked.get("model", [""])[-1])
        number = asked.get("version", [""])[-1]
        if not number.isascii() or not number.isdigit() or len(number) > 19:
            raise invalid_argument(f"version is a number, not {number[:100]!r}")
        if int(number) > _LARGEST:
            raise invalid_argument(f"version {number} is larger than {_LARGEST}")
        spec.version.value = int(number)
        with self._core.servable(spec) as servable:
            return version_details(servable)
