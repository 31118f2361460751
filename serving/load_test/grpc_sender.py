"""Sends PredictRequests over gRPC."""

from itertools import cycle

import grpc

from serving.load_test.sender import Done, Sender

_METHOD = "/tensorflow.serving.PredictionService/Predict"
_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_retries", 0),
    # Without it channels to one address share a connection.
    ("grpc.use_local_subchannel_pool", 1),
]


class GrpcSender(Sender):
    """Sends serialised PredictRequests; the answers are left as bytes, so that clients and server
    on the same cores take as little from each other as can be.

    Args:
        address: of the server, "HOST:PORT" or "unix:PATH".
        connections: to send over, by turns; a server's worker processes each take some of them.
    """

    def __init__(self, address: str, connections: int = 1) -> None:
        self._channels = [grpc.insecure_channel(address, _OPTIONS) for _ in range(connections)]
        self._predict = cycle([channel.unary_unary(_METHOD) for channel in self._channels])

    def send(self, body: bytes, timeout: float, done: Done) -> None:
        """Send a PredictRequest; see `Sender.send`."""

        def ended(call: grpc.Future) -> None:
            code = call.code()
            done(None if code is grpc.StatusCode.OK else code.name)

        next(self._predict).future(body, timeout=timeout).add_done_callback(ended)

    def close(self) -> None:
        """Close the connections."""
        for channel in self._channels:
            channel.close()
