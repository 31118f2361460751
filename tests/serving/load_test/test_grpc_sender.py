"""Requests over gRPC, and the connections that they take."""

import queue
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from serving.load_test.grpc_sender import GrpcSender


class Peers(grpc.GenericRpcHandler):
    """Answers every call and counts the connections that they come over."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        def answer(request: bytes, context: grpc.ServicerContext) -> bytes:
            self.calls[context.peer()] += 1
            return request

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.mark.parametrize("connections", [1, 3])
def test_requests_take_the_connections_by_turns(connections: int) -> None:
    peers = Peers()
    server = grpc.server(ThreadPoolExecutor(2), handlers=[peers])
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ended: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    with GrpcSender(f"127.0.0.1:{port}", connections) as sender:
        for _ in range(6):
            sender.send(b"body", 20.0, ended.put)
        assert [ended.get(timeout=20) for _ in range(6)] == [None] * 6
    server.stop(None).wait()
    assert list(peers.calls.values()) == [6 // connections] * connections
