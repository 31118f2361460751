"""HTTP on one connection, with an end to everything that a client can draw out."""

import sys
from asyncio import TimerHandle
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

_LARGEST_HEAD = 2**20
# "1", "x" and two line breaks are a chunk of one byte.
_CHUNK_OF_ONE_BYTE = 6


class ImpatientProtocol(HttpToolsProtocol):
    """Closes connections that would be held for ever, or take all memory.

    uvicorn bounds the time between two requests only. Within the time that it keeps a connection
    alive, here a request must also begin, its head be complete, its body end once it is answered,
    and the client take something of its answer. What is not body (URL, headers, trailers, the
    framing of chunks) may be 1 MiB longer than what a body of one-byte chunks needs.

    A client that closes its side of the connection after a request still gets the answer.
    """

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._answering: RequestResponseCycle | None = None
        self._complete = True
        self._not_body = 0
        self._sender_timer: TimerHandle | None = None
        self._reader_timer: TimerHandle | None = None
        self._wait_for_sender()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._not_body += len(data)
        if self._not_body > _LARGEST_HEAD and not self.transport.is_closing():
            self.send_400_response("The head of the request is too large.")

    def eof_received(self) -> bool | None:  # type: ignore[override]  # uvicorn's knows one answer
        if not self._complete or self.cycle is None or self.cycle.response_complete:
            return None
        self.cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._complete = False
        self._not_body = 0
        self._wait_for_sender()

    def on_headers_complete(self) -> None:
        _cancel(self._sender_timer)
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._not_body -= _CHUNK_OF_ONE_BYTE * len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._complete = True
        _cancel(self._sender_timer)
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if self.cycle.response_complete and not self._complete:
            self._wait_for_sender()
        self._wait_for_reader(sys.maxsize)

    def send_400_response(self, msg: str) -> None:
        super().send_400_response(msg)
        self._disconnect()

    def connection_lost(self, exc: Exception | None) -> None:
        _cancel(self._sender_timer)
        _cancel(self._reader_timer)
        self._disconnect()
        super().connection_lost(exc)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self._answering = cycle
        super()._start_asgi_task(cycle, app)

    def _wait_for_sender(self) -> None:
        _cancel(self._sender_timer)
        self._sender_timer = self.loop.call_later(self.timeout_keep_alive, self._give_up)

    def _wait_for_reader(self, unsent_before: int) -> None:
        _cancel(self._reader_timer)
        unsent = self.transport.get_write_buffer_size()
        if unsent >= unsent_before:
            self.transport.abort()
        elif unsent:
            self._reader_timer = self.loop.call_later(
                self.timeout_keep_alive, self._wait_for_reader, unsent
            )

    def _give_up(self) -> None:
        self._disconnect()
        self.transport.close()

    def _disconnect(self) -> None:
        """Have requests that are still being answered write nothing to the closed connection."""
        for cycle in (self._answering, self.cycle):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()


def _cancel(timer: TimerHandle | None) -> None:
    if timer is not None:
        timer.cancel()
