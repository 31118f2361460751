"""Which version and signature answered."""

from tensorflow_serving.apis.model_pb2 import ModelSpec

from serving.saved_model.servable import DEFAULT_SIGNATURE, Servable


def fill_model_spec(filled: ModelSpec, asked: ModelSpec, servable: Servable) -> None:
    """Fill a response's model spec: the name asked for, the signature run, the version that ran.

    Args:
        filled: of the response.
        asked: of the request.
        servable: what answered.
    """
    filled.name = asked.name
    filled.signature_name = asked.signature_name or DEFAULT_SIGNATURE
    filled.version.value = servable.version
