"""GetModelMetadata: the signatures of a version."""

from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataRequest,
    GetModelMetadataResponse,
    SignatureDefMap,
)

from serving.saved_model.servable import Servable
from serving.status import invalid_argument

SIGNATURE_DEF = "signature_def"


def check_metadata_request(request: GetModelMetadataRequest) -> None:
    """Check what a request asks for, before its version is looked up.

    Raises:
        StatusError: no model, no field, or a field other than `signature_def`.

    Source:
        TensorFlow Serving, servables/tensorflow/get_model_metadata_impl.cc.
    """
    if not request.HasField("model_spec"):
        raise invalid_argument("Missing ModelSpec")
    if not request.metadata_field:
        raise invalid_argument("GetModelMetadataRequest must specify at least one metadata_field")
    for field in request.metadata_field:
        if field != SIGNATURE_DEF:
            raise invalid_argument(f"Metadata field {field} is not supported")


def model_metadata(servable: Servable) -> GetModelMetadataResponse:
    """The signatures of a version, by name.

    Args:
        servable: the version that the request asks for.
    """
    response = GetModelMetadataResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    signatures = SignatureDefMap()
    for name, signature in servable.signatures.items():
        signatures.signature_def[name].CopyFrom(signature)
    response.metadata[SIGNATURE_DEF].Pack(signatures)
    return response
