"""The ASGI application: HTTP requests to the REST API and to the metrics page."""

import asyncio
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import Executor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypeVar

from serving.allowed_hosts import AllowedHosts
from serving.inference.unreadable_inputs import HEADER
from serving.large_requests import LARGE, LARGE_REQUESTS
from serving.lifecycle.server_core import ServerCore
from serving.metrics.prometheus_page import prometheus_page
from serving.metrics.server_metrics import REQUEST_COUNT, REQUEST_LATENCY
from serving.page.page import Page
from serving.rest.error_response import write_error
from serving.rest.http_status import HTTP_STATUS
from serving.rest.request_body import ClientGone, Receive, read_body, unzip
from serving.rest.rest_api import RestApi
from serving.rest.url import RestCall, is_api_path, parse_url
from serving.status import (
    Code,
    StatusError,
    deadline_exceeded,
    internal,
    invalid_argument,
    permission_denied,
    resource_exhausted,
)

T = TypeVar("T")
Send = Callable[[dict[str, Any]], Awaitable[None]]
_JSON = (b"content-type", b"application/json")
_CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, GET"),
    (b"access-control-allow-headers", b"Content-Type"),
)
_MOST_WAITING = 1000
_ORIGIN = re.compile(rb"https?://")
# The page, and the end of the connection, of libevent's evhttp_send_error.
_NOT_FOUND = (
    404,
    ((b"content-type", b"text/html"), (b"connection", b"close")),
    b"<HTML><HEAD>\n<TITLE>404 Not Found</TITLE>\n</HEAD><BODY>\n<H1>Not Found</H1>\n"
    b"</BODY></HTML>\n",
)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class RestOptions:
    """How HTTP requests are answered.

    Args:
        timeout: seconds for a request from its first byte to its answer; 0 is without end.
        cors: whether any web page may call the API.
        metrics_path: where the Prometheus page is; None for none.
        metrics_page: writes that page.
        page: whether there is a page for people at `/`.
        hosts: under which the page is shown.
    """

    timeout: float = 30.0
    cors: bool = False
    metrics_path: str | None = None
    metrics_page: Callable[[], str] = prometheus_page
    page: bool = True
    hosts: AllowedHosts = field(default_factory=AllowedHosts)


class RestApplication:
    """An ASGI application that honours TensorFlow Serving's REST contract.

    Args:
        core: the served models.
        executor: threads that parse, run and write; the event loop only moves bytes.
        options: see `RestOptions`.

    Example:
        >>> uvicorn.run(RestApplication(core, ThreadPoolExecutor(8), RestOptions()))

    Source:
        TensorFlow Serving, model_servers/http_server.cc.
    """

    def __init__(self, core: ServerCore, executor: Executor, options: RestOptions) -> None:
        self._core, self._api = core, RestApi(core)
        self._page = Page(core) if options.page else None
        self._executor, self._options = executor, options
        self._waiting = 0

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request; see the ASGI specification."""
        if scope["type"] != "http":
            raise NotImplementedError(f"only HTTP is served, not {scope['type']}")
        path = _path_and_query(scope)
        try:
            status, headers, body = await self._respond(scope, path, receive)
        except ClientGone:
            return
        if self._options.cors and is_api_path(path):
            headers += _CORS
        headers += ((b"content-length", str(len(body)).encode()),)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _respond(
        self, scope: dict[str, Any], path: str, receive: Receive
    ) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        if self._options.metrics_path and path.partition("?")[0] == self._options.metrics_path:
            return await self._metrics(path, self._options.metrics_path)
        start = time.monotonic()
        if self._page and self._page.owns(scope["method"], path):
            return await self._show(self._page, scope, path, start)
        if not is_api_path(path):
            return _NOT_FOUND
        if scope["method"] == "OPTIONS":
            return self._preflight(scope, start)
        name, method = "", ""
        try:
            call = parse_url(scope["method"], path)
            name, method = call.model_spec.name, call.method
            body = await self._answer(call, scope, receive, start)
            code = Code.OK
            self._observe(start, name, method)
        except StatusError as error:
            code, body = error.code, write_error(error.message)
        self._count(name, code)
        return HTTP_STATUS[code], (_JSON,), body

    def _preflight(
        self, scope: dict[str, Any], start: float
    ) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        origin = dict(scope["headers"]).get(b"origin", b"")
        code = Code.OK if _ORIGIN.search(origin) else Code.FAILED_PRECONDITION
        if code is Code.OK:
            self._observe(start, "", "")
        self._count("", code)
        return HTTP_STATUS[code], (), b""

    async def _show(
        self, page: Page, scope: dict[str, Any], path: str, start: float
    ) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        try:
            for host in (value for name, value in scope["headers"] if name == b"host"):
                if not self._options.hosts.allows(host.decode("latin-1")):
                    raise permission_denied(
                        f"The page is not shown under the host {host.decode('latin-1')[:100]!r}: "
                        "name it in --allowed_hosts"
                    )
            async with self._in_time(start):
                with self._in_turn():
                    answer = await _in_thread(self._executor, partial(page.answer, path))
        except StatusError as error:
            return HTTP_STATUS[error.code], (_JSON,), write_error(error.message)
        return 200, answer.headers, answer.body

    async def _metrics(
        self, path: str, metrics_path: str
    ) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes]:
        text = (b"content-type", b"text/plain")
        if path != metrics_path:
            return 400, (text,), f"Unexpected path: {path}. Should be {metrics_path}".encode()
        try:
            # Not in line with the requests: a busy server is to be seen at work.
            page = await _in_thread(None, self._options.metrics_page)
        except StatusError as error:
            return HTTP_STATUS[error.code], (text,), error.message.encode()
        return 200, (text,), page.encode()

    async def _answer(
        self, call: RestCall, scope: dict[str, Any], receive: Receive, start: float
    ) -> bytes:
        async with self._in_time(start) as deadline:
            body = await read_body(receive)
            with self._in_turn():
                if _is_zipped(scope):
                    body = await _in_thread(self._executor, partial(unzip, body))
                executor = LARGE_REQUESTS if len(body) >= LARGE else self._executor
                asked = dict(scope["headers"]).get(HEADER.encode(), b"").decode("latin-1")
                answer = partial(self._api.answer, call, body, deadline, asked)
                return await _in_thread(executor, answer)

    @asynccontextmanager
    async def _in_time(self, start: float) -> AsyncIterator[float | None]:
        """Ends what takes longer than the timeout; gives the deadline."""
        deadline = start + self._options.timeout if self._options.timeout > 0 else None
        try:
            async with asyncio.timeout_at(_loop_time(deadline)):
                yield deadline
        except TimeoutError as error:
            raise deadline_exceeded("Timed out waiting for notification") from error

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        """Refuses what comes while too many requests wait for a thread."""
        if self._waiting >= _MOST_WAITING:
            raise resource_exhausted(f"{_MOST_WAITING} requests are waiting already")
        self._waiting += 1
        try:
            yield
        finally:
            self._waiting -= 1

    def _count(self, name: str, code: Code) -> None:
        # Names that are not configured are counted together: clients could invent any number.
        known = name if name in self._core.model_names() else ""
        REQUEST_COUNT.increment(known, code.name)

    def _observe(self, start: float, name: str, method: str) -> None:
        api = method if method in ("predict", "classify", "regress") else ""
        REQUEST_LATENCY.observe((time.monotonic() - start) * 1e6, name, api, "REST")


async def _in_thread(executor: Executor | None, work: Callable[[], T]) -> T:
    def guarded() -> T:
        try:
            return work()
        except StatusError:
            raise
        except (MemoryError, RecursionError) as error:
            raise invalid_argument(f"The request is too large: {error!r}") from error
        except Exception as error:  # a bug of ours is a 500 with a word, not a closed socket
            _log.exception("answering a request failed unexpectedly")
            raise internal(f"Internal error: {type(error).__name__}") from error

    return await asyncio.get_running_loop().run_in_executor(executor, guarded)


def _path_and_query(scope: dict[str, Any]) -> str:
    path: str = scope["raw_path"].decode("latin-1")
    query: str = scope["query_string"].decode("latin-1")
    return f"{path}?{query}" if query else path


def _is_zipped(scope: dict[str, Any]) -> bool:
    return any(name == b"content-encoding" and b"gzip" in value for name, value in scope["headers"])


def _loop_time(deadline: float | None) -> float | None:
    if deadline is None:
        return None
    return asyncio.get_running_loop().time() + deadline - time.monotonic()
