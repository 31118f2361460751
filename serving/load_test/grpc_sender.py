"""Sends PredictRequests over gRPC."""

import grpc

from serving.load_test.sender import Done, Sender

_METHOD = "/tensorflow.serving.PredictionService/Predict"
_OPTIONS = [
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
    ("grpc.enable_retries", 0),
]


class GrpcSender(Sender):
    """Sends serialised PredictRequests; the answers are left as bytes, so that clients and server
    on the same cores take as little from each other as can be.

    Args:
        address: of the server, "HOST:PORT" or "unix:PATH".
    """

    def __init__(self, address: str) -> None:
        self._channel = grpc.insecure_channel(address, _OPTIONS)
        self._predict = self._channel.unary_unary(_METHOD)

    def send(self, body: bytes, timeout: float, done: Done) -> None:
        """Send a PredictRequest; see `Sender.send`."""

        def ended(call: grpc.Future) -> None:
            code = call.code()
            done(None if code is grpc.StatusCode.OK else code.name)

        self._predict.future(body, timeout=timeout).add_done_callback(ended)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()
