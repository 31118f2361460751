"""Clients of a TensorFlow Serving address, the real binary's or this project's server's.

They import nothing of the server. `RestClient` needs NumPy and requests; `GrpcClient` also the
tensorflow-serving-api wheel, whose messages import those of TensorFlow and so TensorFlow itself.
Public names are imported on first use, so that importing this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serving.client.grpc_client import GrpcClient
    from serving.client.model_address import ModelAddress
    from serving.client.model_client import ModelClient
    from serving.client.model_metadata import ModelMetadata
    from serving.client.request_body import answer
    from serving.client.rest_client import RestClient
    from serving.client.serving_error import ServingError
    from serving.client.signature import Signature
    from serving.client.tensor_spec import TensorSpec
    from serving.client.version_status import VersionStatus

_HOMES = {
    "GrpcClient": "grpc_client",
    "ModelAddress": "model_address",
    "ModelClient": "model_client",
    "ModelMetadata": "model_metadata",
    "RestClient": "rest_client",
    "ServingError": "serving_error",
    "Signature": "signature",
    "TensorSpec": "tensor_spec",
    "VersionStatus": "version_status",
    "answer": "request_body",
}
__all__ = [
    "GrpcClient",
    "ModelAddress",
    "ModelClient",
    "ModelMetadata",
    "RestClient",
    "ServingError",
    "Signature",
    "TensorSpec",
    "VersionStatus",
    "answer",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'serving.client' has no attribute {name!r}")
    return getattr(import_module(f"serving.client.{_HOMES[name]}"), name)
