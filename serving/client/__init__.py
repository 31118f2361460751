"""Clients of a TensorFlow Serving address, the real binary's or this project's server's.

They import nothing of the server and encode with `infnet_keras.request`. `RestClient` needs NumPy
and requests; `GrpcClient` also the tensorflow-serving-api wheel, whose messages import those of
TensorFlow and so TensorFlow itself. Public names are imported on first use, so that importing
this package costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infnet_keras.request.signature import Signature
    from infnet_keras.request.tensor_spec import TensorSpec
    from serving.client.grpc_client import GrpcClient
    from serving.client.model_address import ModelAddress
    from serving.client.model_client import ModelClient
    from serving.client.model_metadata import ModelMetadata
    from serving.client.request_body import answer
    from serving.client.rest_client import RestClient
    from serving.client.serving_error import ServingError
    from serving.client.version_status import VersionStatus

_HOMES = {
    "GrpcClient": "serving.client.grpc_client",
    "ModelAddress": "serving.client.model_address",
    "ModelClient": "serving.client.model_client",
    "ModelMetadata": "serving.client.model_metadata",
    "RestClient": "serving.client.rest_client",
    "ServingError": "serving.client.serving_error",
    "Signature": "infnet_keras.request.signature",
    "TensorSpec": "infnet_keras.request.tensor_spec",
    "VersionStatus": "serving.client.version_status",
    "answer": "serving.client.request_body",
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
    return getattr(import_module(_HOMES[name]), name)
