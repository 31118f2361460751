"""The signature that a request names."""

from tensorflow.core.protobuf.meta_graph_pb2 import SignatureDef

from serving.saved_model.servable import DEFAULT_SIGNATURE, Servable
from serving.status import failed_precondition, invalid_argument


def signature_to_predict(servable: Servable, name: str) -> SignatureDef:
    """The signature that Predict runs.

    Args:
        servable: has the signatures.
        name: empty for `serving_default`.

    Raises:
        StatusError: FAILED_PRECONDITION, there is none of that name.
    """
    name = name or DEFAULT_SIGNATURE
    if name not in servable.signatures:
        raise failed_precondition(f'Serving signature key "{name}" not found.')
    return servable.signatures[name]


def signature_of_examples(servable: Servable, name: str) -> SignatureDef:
    """The signature that Classify and Regress run.

    Args:
        servable: has the signatures.
        name: empty for `serving_default`.

    Raises:
        StatusError: INVALID_ARGUMENT, there is none of that name.
    """
    name = name or DEFAULT_SIGNATURE
    if name not in servable.signatures:
        raise invalid_argument(f"No signature was found with the name: {name}")
    return servable.signatures[name]


def check_method_name(servable: Servable, signature: SignatureDef, method: str, kind: str) -> None:
    """Check that a signature was exported for the method called, where the servable asks for it.

    Args:
        servable: says whether to check.
        signature: the one that will run.
        method: such as `tensorflow/serving/classify`.
        kind: the method in words, for the message.

    Raises:
        StatusError: INVALID_ARGUMENT, it was exported for another one.
    """
    if servable.check_method_names and signature.method_name != method:
        raise invalid_argument(
            f"Expected {kind} signature method_name to be {method}. Was: {signature.method_name}"
        )
