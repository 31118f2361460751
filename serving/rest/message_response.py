"""The status and the metadata of a model as JSON."""

import rapidjson
from google.protobuf.json_format import MessageToDict, MessageToJson
from tensorflow_serving.apis.get_model_metadata_pb2 import (
    GetModelMetadataResponse,
    SignatureDefMap,
)
from tensorflow_serving.apis.get_model_status_pb2 import GetModelStatusResponse

from serving.inference.model_metadata import SIGNATURE_DEF


def write_status(response: GetModelStatusResponse) -> bytes:
    """GetModelStatus as JSON; 64-bit integers are strings, as protobuf's JSON has them."""
    text: str = MessageToJson(response, indent=1, always_print_fields_with_no_presence=True)
    return text.encode() + b"\n"


def write_metadata(response: GetModelMetadataResponse) -> bytes:
    """GetModelMetadata as JSON, under the field names of the protos.

    Source:
        TensorFlow Serving, model_servers/http_rest_api_util.cc, ToJsonString.
    """
    signatures = SignatureDefMap()
    response.metadata[SIGNATURE_DEF].Unpack(signatures)
    parts = {
        "model_spec": _as_dict(response.model_spec),
        "metadata": {SIGNATURE_DEF: _as_dict(signatures)},
    }
    return rapidjson.dumps(parts, indent=1, ensure_ascii=False).encode() + b"\n"


def _as_dict(message: object) -> dict[str, object]:
    as_dict: dict[str, object] = MessageToDict(
        message, always_print_fields_with_no_presence=True, preserving_proto_field_name=True
    )
    return as_dict
