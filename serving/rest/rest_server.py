"""The HTTP server: uvicorn around the ASGI application, in a thread of its own."""

import asyncio
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import uvicorn

from serving.lifecycle.server_core import ServerCore
from serving.rest.application import RestApplication, RestOptions
from serving.rest.impatient_protocol import ImpatientProtocol
from serving.status import unavailable

_KEEP_ALIVE = 60


class RestServer:
    """Serves the REST API over HTTP.

    Args:
        core: the served models.
        host: address to listen on.
        port: of the address.
        threads: how many requests are answered at a time.
        options: of the application.
        shared: whether other processes listen on the same port.

    Raises:
        StatusError: UNAVAILABLE, the port is taken.

    Example:
        >>> server = RestServer(core, "127.0.0.1", 8501, 8, RestOptions())
        >>> server.start()
    """

    def __init__(
        self,
        core: ServerCore,
        host: str,
        port: int,
        threads: int,
        options: RestOptions,
        shared: bool = False,
    ) -> None:
        self._socket = _listen(host, port, shared)
        config = uvicorn.Config(
            RestApplication(core, ThreadPoolExecutor(threads, "rest"), options),
            http=ImpatientProtocol,
            ws="none",
            lifespan="off",
            proxy_headers=False,
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_keep_alive=_KEEP_ALIVE,
        )
        self._loop_factory = config.get_loop_factory()
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, name="rest", daemon=True)

    def start(self) -> None:
        """Answer requests from now on."""
        self._thread.start()

    def stop(self, grace: float) -> None:
        """Take no new request and wait for those in progress.

        Args:
            grace: seconds after which requests still in progress are dropped.
        """
        self._server.should_exit = True
        self._thread.join(grace)
        self._server.force_exit = True
        self._thread.join()

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=self._loop_factory) as runner:
            runner.run(self._server.serve(sockets=[self._socket]))


def _listen(host: str, port: int, shared: bool) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    # Connections inherit it. Without it the body of an answer waits for the client's delayed
    # acknowledgement of its head: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise unavailable(f"HTTP cannot listen on {host}:{port}: {error.strerror}") from error
    return listener
