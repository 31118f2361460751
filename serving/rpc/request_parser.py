"""Parses requests in the threads that answer them."""

import threading
from collections.abc import Callable
from typing import Any

import grpc
from google.protobuf.message import DecodeError

from serving.large_requests import LARGE, LARGE_REQUESTS

_Respond = Callable[[Any, grpc.ServicerContext], Any]


class RequestParser(grpc.ServerInterceptor):
    """Parses each request itself, and bounds how many are answered at a time.

    gRPC would parse it in the one thread that serves all connections, where a large request holds
    up all others, and would answer INTERNAL, with a trace in the log, if the bytes are no such
    message. Here they are an INVALID_ARGUMENT.

    A call has a thread of gRPC's from its beginning, while its message may be on its way for as
    long as the client likes: the limit is on calls whose message has come, lest a few slow clients
    hold up all others.

    Args:
        concurrency: how many calls are answered at a time.

    Example:
        >>> grpc.server(ThreadPoolExecutor(1000), interceptors=[RequestParser(concurrency=8)])
    """

    def __init__(self, concurrency: int) -> None:
        self._answering = threading.Semaphore(concurrency)
        self._handlers: dict[str, grpc.RpcMethodHandler] = {}

    def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], grpc.RpcMethodHandler | None],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> grpc.RpcMethodHandler | None:
        """The handler of a method, made to parse its requests; see `grpc.ServerInterceptor`."""
        method = handler_call_details.method
        handler = self._handlers.get(method)
        if handler is None and (parsed_by_grpc := continuation(handler_call_details)):
            handler = self._handlers[method] = self._parsing_handler(parsed_by_grpc)
        return handler

    def _parsing_handler(self, handler: grpc.RpcMethodHandler) -> grpc.RpcMethodHandler:
        parse, serialize = handler.request_deserializer, handler.response_serializer
        if handler.response_streaming:  # a watch of the health, which only waits
            watch = _parsing(parse, handler.unary_stream)
            return grpc.unary_stream_rpc_method_handler(watch, response_serializer=serialize)
        respond = _parsing(parse, handler.unary_unary)

        def answer(message: bytes, context: grpc.ServicerContext) -> bytes:
            if not context.is_active():
                context.abort(grpc.StatusCode.CANCELLED, "The client has given up")
            response: bytes = serialize(respond(message, context))
            return response

        def answer_in_turn(message: bytes, context: grpc.ServicerContext) -> bytes:
            if len(message) >= LARGE:
                return LARGE_REQUESTS.submit(answer, message, context).result()
            with self._answering:
                return answer(message, context)

        return grpc.unary_unary_rpc_method_handler(answer_in_turn)


def _parsing(parse: Callable[[bytes], Any], respond: _Respond) -> _Respond:
    def parse_and_respond(message: bytes, context: grpc.ServicerContext) -> Any:
        try:
            request = parse(message)
        except DecodeError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        return respond(request, context)

    return parse_and_respond
